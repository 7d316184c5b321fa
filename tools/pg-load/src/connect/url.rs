//! What of a URL the driver does not know.
//!
//! 1. Of `postgresql://…?a=b&c=d` the parameters are looked through; libpq's other form, `a=b c=d`, is the driver's alone.
//! 2. `sslmode` and `sslrootcert` are taken out: the driver knows three of the six modes and no authorities.
//! 3. `target_session_attrs` `primary` and `standby` mean here what `read-write` and `read-only` do.

use std::path::PathBuf;

use percent_encoding::percent_decode_str;
use tokio_postgres::config::TargetSessionAttrs;

use super::ConnectError;
use super::tls::SslMode;

/// What was taken out of a URL.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Extras {
    pub(super) mode: Option<SslMode>,
    pub(super) ca_file: Option<PathBuf>,
    pub(super) attrs: Option<TargetSessionAttrs>,
}

impl Extras {
    /// The URL for the driver, and what was taken out of it.
    pub(super) fn take_from(url: &str) -> Result<(String, Self), ConnectError> {
        let mut extras = Self::default();
        let is_url = url.starts_with("postgresql://") || url.starts_with("postgres://");
        let Some((address, parameters)) = url.split_once('?').filter(|_| is_url) else {
            return Ok((url.to_owned(), extras));
        };
        let mut rest = Vec::new();
        for parameter in parameters.split('&') {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let value = percent_decode_str(value).decode_utf8_lossy();
            if !extras.take(name, &value)? {
                rest.push(parameter);
            }
        }
        let separator = if rest.is_empty() { "" } else { "?" };
        Ok((format!("{address}{separator}{}", rest.join("&")), extras))
    }

    fn take(&mut self, name: &str, value: &str) -> Result<bool, ConnectError> {
        match (name, value) {
            ("sslmode", _) => {
                let mode = SslMode::from_name(value);
                self.mode =
                    Some(mode.ok_or_else(|| ConnectError::Url(format!("no sslmode is called {value:?}")))?);
            }
            ("sslrootcert", _) => self.ca_file = Some(PathBuf::from(value)),
            ("target_session_attrs", "primary") => self.attrs = Some(TargetSessionAttrs::ReadWrite),
            ("target_session_attrs", "standby") => self.attrs = Some(TargetSessionAttrs::ReadOnly),
            _ => return Ok(false),
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_driver_does_not_know_is_taken_out() {
        let url = "postgres://u@a,b:1/d?sslmode=verify-full&connect_timeout=3&sslrootcert=%2Fca%20x.pem&target_session_attrs=primary";
        let (rest, extras) = Extras::take_from(url).expect("sound");
        assert_eq!(rest, "postgres://u@a,b:1/d?connect_timeout=3");
        assert_eq!(
            extras,
            Extras {
                mode: Some(SslMode::VerifyFull),
                ca_file: Some("/ca x.pem".into()),
                attrs: Some(TargetSessionAttrs::ReadWrite)
            }
        );
    }

    #[test]
    fn the_rest_is_the_drivers() {
        for url in [
            "postgresql://u@h/d",
            "host=h user='u?sslmode=x' sslmode=require",
            "postgresql://u@h?keepalives=1",
        ] {
            assert_eq!(Extras::take_from(url).expect("sound"), (url.to_owned(), Extras::default()));
        }
        assert_eq!(Extras::take_from("postgres://u@h?sslmode=disable").expect("sound").0, "postgres://u@h");
        let fault = Extras::take_from("postgres://u@h?sslmode=never").expect_err("no such mode").to_string();
        assert!(fault.contains("never"), "{fault}");
    }
}
