//! The bucket's settings.

use std::path::PathBuf;

use bucket::{BucketName, BucketSettings, Credentials, OpenError, PayloadSigning, Prefix, Retries, Timeouts};
use service_kit::{Environment, Faults};

use super::topics::StoreTopic;

/// The region where none is named, as the other stores have it.
const REGION: &str = "us-east-1";

/// Reads where content goes, and whether the bucket is to be made.
pub(super) fn bucket(environment: &Environment, faults: &mut Faults) -> Option<(BucketSettings, bool)> {
    let topic: StoreTopic = environment.read(faults);
    let endpoint = match &topic.s3_endpoint {
        None => Some(None),
        Some(text) => faults.check("S3_ENDPOINT", text.parse::<url::Url>()).map(Some),
    };
    let name = faults.require("S3_BUCKET", topic.s3_bucket.as_deref());
    let name = name.and_then(|name| faults.check("S3_BUCKET", BucketName::parse(name)));
    let prefix = faults.check("S3_PREFIX", Prefix::parse(&topic.s3_prefix));
    let credentials = credentials(&topic, faults);
    let payload_signing = payload_signing(&topic, faults);
    let region = topic.s3_region.as_deref().or_else(|| environment.get("AWS_REGION"));
    let region = region.or_else(|| environment.get("AWS_DEFAULT_REGION")).unwrap_or(REGION);
    let mut settings = BucketSettings::new(endpoint?, name?);
    region.clone_into(&mut settings.region);
    settings.prefix = prefix?;
    settings.credentials = credentials?;
    settings.path_style = topic.s3_path_style.unwrap_or(settings.path_style);
    settings.ca_file = topic.s3_ca_file.map(PathBuf::from);
    settings.payload_signing = payload_signing?;
    // The fetcher has a policy of its own, which counts and logs each try.
    settings.retries = Retries::NONE;
    settings.timeouts = Timeouts {
        connect: topic.s3_connect_timeout.get(),
        read: topic.s3_timeout.get(),
        operation: topic.s3_timeout.get(),
        ..Timeouts::default()
    };
    Some((settings, topic.create_bucket))
}

fn credentials(topic: &StoreTopic, faults: &mut Faults) -> Option<Credentials> {
    match (&topic.s3_access_key, &topic.s3_secret_key) {
        (None, None) if topic.s3_anonymous => Some(Credentials::Anonymous),
        (None, None) => Some(Credentials::Chain),
        _ if topic.s3_anonymous => {
            faults.add("S3_ANONYMOUS", "S3_ACCESS_KEY or S3_SECRET_KEY is set as well: choose one");
            None
        }
        (access_key, secret_key) => {
            let access_key = faults.require("S3_ACCESS_KEY", access_key.clone());
            let secret_key = faults.require("S3_SECRET_KEY", secret_key.clone());
            let session_token = topic.s3_session_token.clone();
            Some(Credentials::Static { access_key: access_key?, secret_key: secret_key?, session_token })
        }
    }
}

fn payload_signing(topic: &StoreTopic, faults: &mut Faults) -> Option<PayloadSigning> {
    match topic.s3_payload_signing.as_deref() {
        None => Some(PayloadSigning::default()),
        Some("http") => Some(PayloadSigning::OverPlainHttp),
        Some("always") => Some(PayloadSigning::Always),
        Some("never") => Some(PayloadSigning::Never),
        Some(_) => {
            faults.add("S3_PAYLOAD_SIGNING", "must be http, always or never");
            None
        }
    }
}

/// The fault of a setting that only opening the bucket can judge.
pub(crate) fn fault(error: &OpenError) -> Faults {
    let name = match error {
        OpenError::Endpoint { .. } => "S3_ENDPOINT",
        OpenError::CaFile { .. } | OpenError::Certificate { .. } => "S3_CA_FILE",
        OpenError::Credentials(_) => "AWS credentials",
        OpenError::Character { what: "the region" } => "S3_REGION",
        OpenError::Character { .. } => "S3_ACCESS_KEY",
    };
    let mut faults = Faults::default();
    faults.add(name, error);
    faults
}
