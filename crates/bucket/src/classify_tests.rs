//! Every status and code that a store gives, and what it comes to.

use super::*;

const BUCKET: Asked<'static> = Asked { bucket: "site", key: None, upload: None, page: false };
const OBJECT: Asked<'static> = Asked { key: Some("a/b.txt"), ..BUCKET };
const PART: Asked<'static> = Asked { upload: Some("id-1"), ..OBJECT };
const PAGE: Asked<'static> = Asked { page: true, ..BUCKET };

fn answer(status: u16, code: &str) -> Answer {
    Answer { status, code: (!code.is_empty()).then(|| code.to_owned()), ..Answer::default() }
}

/// The variant's name: tables compare it, single tests compare what it carries.
fn kind(error: &StoreError) -> String {
    let text = format!("{error:?}");
    text.split([' ', '{']).next().unwrap_or_default().to_owned()
}

#[test]
fn statuses_and_codes() {
    for (asked, status, code, expected, transient) in [
        (OBJECT, 404, "NoSuchKey", "NotFound", false),
        (OBJECT, 404, "NotFound", "NotFound", false),
        (OBJECT, 404, "", "NotFound", false),
        (OBJECT, 404, "NoSuchBucket", "NoSuchBucket", false),
        (BUCKET, 404, "", "NoSuchBucket", false),
        (PART, 404, "NoSuchUpload", "NoSuchUpload", false),
        (PART, 404, "", "NoSuchUpload", false),
        (PART, 404, "NoSuchBucket", "NoSuchBucket", false),
        (OBJECT, 400, "XMinioInvalidObjectName", "ImpossibleKey", false),
        (OBJECT, 400, "KeyTooLongError", "ImpossibleKey", false),
        (BUCKET, 400, "XMinioInvalidObjectName", "Invalid", false),
        (OBJECT, 403, "AccessDenied", "Denied", false),
        (OBJECT, 403, "SignatureDoesNotMatch", "Denied", false),
        (OBJECT, 403, "RequestTimeTooSkewed", "Denied", false),
        (OBJECT, 401, "", "Denied", false),
        (OBJECT, 412, "PreconditionFailed", "PreconditionFailed", false),
        (OBJECT, 304, "", "NotModified", false),
        (OBJECT, 416, "InvalidRange", "RangeNotSatisfiable", false),
        (OBJECT, 301, "PermanentRedirect", "Invalid", false),
        (OBJECT, 400, "InvalidArgument", "Invalid", false),
        (BUCKET, 400, "InvalidArgument", "Invalid", false),
        (PAGE, 400, "InvalidArgument", "NoSuchPage", false),
        (PAGE, 501, "NotImplemented", "NoSuchPage", false),
        (PAGE, 400, "AuthorizationHeaderMalformed", "Invalid", false),
        (PAGE, 400, "", "Invalid", false),
        (PAGE, 501, "", "Invalid", false),
        (OBJECT, 400, "EntityTooSmall", "Invalid", false),
        (OBJECT, 400, "", "Invalid", false),
        (OBJECT, 405, "MethodNotAllowed", "Invalid", false),
        (OBJECT, 409, "BucketAlreadyOwnedByYou", "Invalid", false),
        (OBJECT, 501, "NotImplemented", "Invalid", false),
        (OBJECT, 429, "", "Throttled", true),
        (OBJECT, 503, "SlowDown", "Throttled", true),
        (OBJECT, 400, "RequestLimitExceeded", "Throttled", true),
        (OBJECT, 503, "ServiceUnavailable", "Unavailable", true),
        (OBJECT, 503, "", "Unavailable", true),
        (OBJECT, 500, "InternalError", "Unavailable", true),
        // S3 answers 200 and the error below it when joining the parts takes long.
        (PART, 200, "InternalError", "Unavailable", true),
        (OBJECT, 502, "", "Unavailable", true),
        (OBJECT, 599, "", "Unavailable", true),
        (OBJECT, 409, "OperationAborted", "Unavailable", true),
        (OBJECT, 409, "ConditionalRequestConflict", "Unavailable", true),
        (OBJECT, 400, "RequestTimeout", "Timeout", true),
        (OBJECT, 408, "", "Timeout", true),
        (OBJECT, 400, "BadDigest", "Garbled", true),
        (OBJECT, 400, "XAmzContentSHA256Mismatch", "Garbled", true),
        (OBJECT, 400, "IncompleteBody", "Garbled", true),
        (OBJECT, 199, "", "Garbled", true),
        (OBJECT, 999, "", "Garbled", true),
    ] {
        let error = classify(Failure::Answer(answer(status, code)), asked);
        assert_eq!(kind(&error), expected, "{status} {code}");
        assert_eq!(error.is_transient(), transient, "{status} {code}");
    }
}

#[test]
fn what_is_no_answer() {
    for (failure, expected, transient) in [
        (Failure::TimedOut("t".into()), "Timeout", true),
        (Failure::Broken("b".into()), "Unavailable", true),
        (Failure::Unreadable("u".into()), "Garbled", true),
        (Failure::Construction("c".into()), "Invalid", false),
    ] {
        let error = classify(failure, OBJECT);
        assert_eq!(kind(&error), expected);
        assert_eq!(error.is_transient(), transient);
    }
}

#[test]
fn a_page_of_something_else_is_not_a_missing_object() {
    let page = Answer { garbage: true, ..answer(404, "") };
    assert_eq!(kind(&classify(Failure::Answer(page), OBJECT)), "Garbled");
}

#[test]
fn errors_carry_what_the_caller_needs() {
    let tagged = Answer { etag: Some("\"x-7\"".into()), ..answer(304, "") };
    let error = classify(Failure::Answer(tagged), OBJECT);
    assert!(matches!(error, StoreError::NotModified { etag: Some(tag) } if tag.as_str() == "\"x-7\""));

    for (content_range, expected) in [
        (Some("bytes */42"), Some(42)),
        (Some("bytes */0"), Some(0)),
        (Some("bytes */x"), None),
        (Some("bytes 0-1/42"), None),
        (None, None),
    ] {
        let outside = Answer { content_range: content_range.map(Into::into), ..answer(416, "InvalidRange") };
        let error = classify(Failure::Answer(outside), OBJECT);
        assert!(matches!(error, StoreError::RangeNotSatisfiable { size } if size == expected), "{error:?}");
    }

    let wait = Some(Duration::from_secs(7));
    for (status, code) in [(503, "SlowDown"), (429, ""), (503, "ServiceUnavailable")] {
        let told = Answer { retry_after: wait, ..answer(status, code) };
        assert_eq!(classify(Failure::Answer(told), OBJECT).retry_after(), wait, "{status} {code}");
    }

    let moved = Answer { region: Some("eu-west-1".into()), ..answer(301, "PermanentRedirect") };
    assert!(classify(Failure::Answer(moved), OBJECT).to_string().contains("eu-west-1"));
}

#[test]
fn retry_after_in_either_form() {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let date = |seconds| httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
    for (value, expected) in [
        ("7", Some(7)),
        (" 0 ", Some(0)),
        (&date(1_700_000_030), Some(30)),
        (&date(1_600_000_000), Some(0)),
        ("-1", None),
        ("soon", None),
        ("99999999999999999999", None),
        ("", None),
    ] {
        assert_eq!(retry_after(value, now), expected.map(Duration::from_secs), "{value}");
    }
}

#[test]
fn a_stores_words_are_short_and_on_one_line() {
    let long = Answer { message: Some(format!("a\nb{}", "ü".repeat(2000))), ..answer(500, "X") };
    let StoreError::Unavailable { detail, .. } = classify(Failure::Answer(long), OBJECT) else { panic!() };
    assert!(detail.contains("a b") && detail.ends_with('…'));
    assert_eq!(detail.chars().count(), DETAIL_CHARS + 1);
}
