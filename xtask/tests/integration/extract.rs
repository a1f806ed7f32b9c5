use xtask::extract::{Embedded, extract};

use crate::support::{page, read};

#[test]
fn the_embedded_document_comes_out_byte_for_byte() {
    for (vendor, info) in [
        (
            "feather",
            "/api-reference/openapi.json post /v1/voice/outbound",
        ),
        (
            "slng",
            "/api-reference/agents/agents.oas.yaml post /v1/agents/{agent_id}/calls",
        ),
    ] {
        let document = read(&format!("specs/{vendor}.yaml"));
        let page = page(&document, info);
        let words: Vec<_> = info.split(' ').collect();
        let expected = Embedded {
            text: &document,
            path: Some(words[0]),
            operation: ("POST", words[2]),
        };
        assert_eq!(extract(&page).expect("a document"), expected);
        assert_eq!(
            extract(page.trim_end())
                .expect("no newline at the end")
                .text,
            document
        );
    }
}

#[test]
fn a_fence_line_may_be_written_in_many_ways() {
    for (info, path, operation) in [
        (
            "yaml openapi.yaml get /a",
            Some("openapi.yaml"),
            ("GET", "/a"),
        ),
        (
            "json https://example.com/o.json DELETE /a/{b}",
            Some("https://example.com/o.json"),
            ("DELETE", "/a/{b}"),
        ),
        ("yaml POST /a", None, ("POST", "/a")),
        ("yml Patch /a", None, ("PATCH", "/a")),
    ] {
        let page = format!("````{info}\nopenapi: 3.0.3\n````\n");
        let embedded = extract(&page).unwrap_or_else(|e| panic!("{info}: {e}"));
        assert_eq!(
            (embedded.path, embedded.operation),
            (path, operation),
            "{info}"
        );
    }
}

#[test]
fn shorter_fences_inside_and_other_blocks_beside_do_not_matter() {
    let document =
        "openapi: 3.0.3\ninfo:\n  description: |\n    ```bash\n    curl\n    ```\n  title: x\n\n\n";
    let page = format!(
        "```bash theme={{null}}\ncurl\n```\n\n`````yaml a.yaml post /a\n{document}`````\n\n```yaml\nopenapi: no\n```\n"
    );
    assert_eq!(extract(&page).expect("one document").text, document);
}

#[test]
fn line_breaks_of_windows_are_kept() {
    let document = "openapi: 3.0.3\r\ninfo: {}\r\n";
    let page = format!("# A\r\n\r\n````yaml a.yaml post /a\r\n{document}````\r\n");
    assert_eq!(extract(&page).expect("one document").text, document);
}

#[test]
fn what_is_no_such_page_is_refused_by_what_it_is() {
    let one = page("openapi: 3.0.3\n", "a.yaml post /a");
    for (page, expected) in [
        (String::new(), "embeds no OpenAPI document"),
        ("# Words\n".into(), "embeds no OpenAPI document"),
        ("<!DOCTYPE html><html>".into(), "is HTML, not Markdown"),
        (
            "```yaml\nopenapi: 3.0.3\n```\n".into(),
            "embeds no OpenAPI document",
        ),
        (one.trim_end().trim_end_matches('`').into(), "cut short"),
        (one.replace("````\n", "```\n"), "cut short"),
        (one.replace("````\n", "~~~~\n"), "cut short"),
        (one.replace("````\n", "    ````\n"), "cut short"),
        (
            one.replace("````yaml", "```yaml")
                .replace("````\n", "        ```\n"),
            "cut short",
        ),
        (
            "  ````yaml a.yaml post /a\n  openapi: 3.0.3\n  info: {}\n  ````\n".into(),
            "is indented",
        ),
        (
            "- ````yaml a.yaml post /a\n  openapi: 3.0.3\n  info: {}\n  ````\n".into(),
            "is indented",
        ),
        (one.clone() + &one, "more than one"),
    ] {
        let error = extract(&page).expect_err(&page).to_string();
        assert!(error.contains(expected), "{page:?}: {error}");
    }
}
