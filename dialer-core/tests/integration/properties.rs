//! Properties, over many cases.

use dialer_core::{Call, Outcome, PhoneNumber, Vendor, mock};
use proptest::{collection::vec, prelude::*};

fn vendor() -> impl Strategy<Value = Vendor> {
    prop_oneof![Just(Vendor::Feather), Just(Vendor::Slng)]
}

/// Bodies from anything to nearly right.
fn body() -> impl Strategy<Value = String> {
    let key = prop_oneof![
        Just("call_id"),
        Just("session_id"),
        Just("detail"),
        Just("error"),
        Just("message")
    ];
    let value = prop_oneof![
        Just("null".to_owned()),
        any::<f64>().prop_map(|number| number.to_string()),
        ".{0,20}".prop_map(|text| serde_json::Value::from(text).to_string()),
        Just(r#"[{"loc": ["body", 1], "msg": "m", "type": "t"}]"#.to_owned()),
        Just(
            r#"{"code": "c", "message": "m", "fields": [{"path": "p", "message": "m"}]}"#
                .to_owned()
        ),
    ];
    let object = vec((key, value), 0..4).prop_map(|members| {
        let members: Vec<_> = members
            .iter()
            .map(|(key, value)| format!("\"{key}\": {value}"))
            .collect();
        format!("{{{}}}", members.join(", "))
    });
    let cut = (object.clone(), any::<prop::sample::Index>()).prop_map(|(object, at)| {
        let ends: Vec<_> = object.char_indices().map(|(at, _)| at).collect();
        object[..ends[at.index(ends.len())]].to_owned()
    });
    prop_oneof![object, cut, ".{0,40}"]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn a_2xx_is_a_receipt_and_nothing_else_is(vendor in vendor(), status in 100_u16..=999, body in body()) {
        let result = mock::reply(vendor, status, &[], &body);
        prop_assert_eq!(result.is_ok(), (200..300).contains(&status));
        match result {
            Ok(receipt) => {
                prop_assert_eq!(receipt.body(), body.as_bytes());
                let json = serde_json::to_value(&receipt).expect("JSON");
                let back: dialer_core::Receipt = serde_json::from_value(json).expect("a receipt");
                prop_assert_eq!(back.id(), receipt.id());
            }
            Err(error) => {
                prop_assert_ne!(error.outcome(), Outcome::Placed);
                prop_assert!(!error.is_transient() || error.outcome() == Outcome::NotPlaced);
                prop_assert!(!error.may_fail_over() || error.outcome() == Outcome::NotPlaced);
                prop_assert!(status < 500 || error.outcome() == Outcome::Unknown);
                prop_assert!(!error.to_string().contains('\n'));
                prop_assert!(serde_json::to_value(&error).is_ok());
            }
        }
    }

    #[test]
    fn an_id_that_the_vendor_sent_is_found_wherever_the_body_ends(id in "[0-9a-f-]{1,36}", rest in ".{0,30}") {
        let body = format!("{{\"call_id\": \"{id}\", {rest}");
        let receipt = mock::reply(Vendor::Slng, 200, &[], &body).expect("placed");
        // A second `call_id` in the rest would be the one that counts.
        prop_assume!(!rest.contains("call_id"));
        prop_assert_eq!(receipt.id(), Some(&*id));
    }

    #[test]
    fn any_retry_after_is_a_wait_that_can_be_added_to_now(header in "[ -~]{0,30}", seconds in any::<u64>()) {
        for header in [header, seconds.to_string()] {
            let error = mock::reply(Vendor::Slng, 429, &[("retry-after", &header)], "").expect_err("429");
            let wait = error.retry_after().unwrap_or_default();
            prop_assert!(std::time::Instant::now().checked_add(wait).is_some());
        }
    }

    #[test]
    fn a_phone_number_is_what_e164_says(text in "\\+?[0-9+ ]{0,18}") {
        let digits = text.strip_prefix('+').unwrap_or("x");
        let is_e164 = digits.chars().all(|c| c.is_ascii_digit())
            && (2..=15).contains(&digits.len())
            && !digits.starts_with('0');
        let parsed = text.parse::<PhoneNumber>();
        prop_assert_eq!(parsed.is_ok(), is_e164);
        match parsed {
            Ok(number) => {
                let (hidden, shown) = digits.split_at(digits.len() - 2);
                let stars = "*".repeat(hidden.len());
                prop_assert_eq!(format!("{:?}", number), format!("PhoneNumber(+{stars}{shown})"));
                prop_assert_eq!(String::from(number), text);
            }
            Err(error) => prop_assert!(digits.len() < 12 || !error.to_string().contains(digits)),
        }
    }

    #[test]
    fn a_call_survives_json(number in "\\+[1-9][0-9]{1,14}", variables in vec(("[a-z]{1,8}", ".{0,20}"), 0..5)) {
        let call = Call::to(number.parse().expect("a number"));
        let call = variables.into_iter().fold(call, |call, (name, value)| call.variable(name, value));
        let json = serde_json::to_string(&call).expect("JSON");
        prop_assert_eq!(serde_json::from_str::<Call>(&json).expect("a call"), call);
    }
}
