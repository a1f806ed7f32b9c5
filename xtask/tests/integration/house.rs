//! House rules.

use crate::support::read;

#[test]
fn the_api_crates_differ_only_in_what_their_vendor_is_called() {
    for file in [
        "build.rs",
        "src/document.rs",
        "src/generated.rs",
        "src/hooks.rs",
        "src/mock.rs",
    ] {
        let (feather, slng) = (
            read(&format!("feather-api/{file}")),
            read(&format!("slng-api/{file}")),
        );
        assert!(
            feather == slng,
            "feather-api/{file} and slng-api/{file} must be the same file"
        );
    }
    let feather = read("feather-api/src/lib.rs").replace("Feather voice", "SLNG voice agents");
    assert_eq!(
        feather.replace("feather", "slng"),
        read("slng-api/src/lib.rs")
    );
}
