//! What tests of services share.
//!
//! 1. [`start`] starts a service inside a test as production does, on ports that the system picks.
//! 2. [`exchange`] and [`ask`] speak to it over a raw socket: what it says, byte by byte.
//! 3. [`settings`] reads settings alone, and [`variables`] names what a topic reads, to hold lists of settings against it.

use std::fmt;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde::de::{Deserializer, Error, Visitor};
use serde::forward_to_deserialize_any;

use crate::lifecycle::{Kit, Running};
use crate::run::{allow_many_files, read_settings};
use crate::settings::{Environment, Faults, FromEnvironment, Topic};

/// What says nothing for this long has failed the test.
const PATIENCE: Duration = Duration::from_secs(30);

/// Builds and starts a service with `variables` as its environment. The admin listener is on port 0 of the loopback
/// unless a variable says otherwise.
///
/// # Panics
/// Where the settings are wrong or the service does not start: a test has nothing to go on with.
pub async fn start<S, B>(name: &'static str, variables: &[(&str, &str)], build: B) -> Running
where
    S: FromEnvironment,
    B: AsyncFnOnce(S, &mut Kit) -> anyhow::Result<()>,
{
    let mut environment = Environment::from_pairs([("ADMIN_ADDRESS", "127.0.0.1:0")]);
    for (name, value) in variables {
        environment.set(*name, *value);
    }
    let (kit_settings, settings) = read_settings::<S>(&environment).expect("the settings are sound");
    allow_many_files();
    let mut kit = Kit::new(name, "test", kit_settings);
    build(settings, &mut kit).await.expect("the service is built");
    kit.start().expect("the service starts")
}

/// What a service reads of `variables` as its environment, or every fault of them.
///
/// # Errors
/// Every variable that is faulty, by name.
pub fn settings<S: FromEnvironment>(variables: &[(&str, &str)]) -> Result<S, Faults> {
    let mut faults = Faults::default();
    let settings = S::from_environment(&Environment::from_pairs(variables.iter().copied()), &mut faults);
    match settings {
        Some(settings) if faults.is_empty() => Ok(settings),
        _ => Err(faults),
    }
}

/// Sends `request`, whose head asks for the connection to be closed, and returns everything that comes back. It blocks.
///
/// # Panics
/// Where nobody listens, or nothing comes for half a minute.
pub fn exchange(address: SocketAddr, request: &[u8]) -> String {
    // A service listens on every address; the loopback is one of them.
    let mut stream = TcpStream::connect(("127.0.0.1", address.port())).expect("it listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a socket option");
    stream.write_all(request).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

/// As [`exchange`], for a request without a body; `lines` are further lines of its head. Answers the head and the body.
///
/// # Panics
/// As [`exchange`], and where what comes has no head.
pub fn ask(address: SocketAddr, method: &str, target: &str, lines: &[&str]) -> (String, String) {
    let lines: String = lines.iter().flat_map(|line| [line, "\r\n"]).collect();
    let request = format!("{method} {target} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n{lines}\r\n");
    let answer = exchange(address, request.as_bytes());
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    (head.to_owned(), body.to_owned())
}

/// The variables that `T` reads: its fields in upper case.
pub fn variables<T: Topic>() -> Vec<String> {
    let mut fields: &[&str] = &[];
    // It reads nothing and so always fails, once it was told the names of the fields.
    let _ = T::deserialize(Fields(&mut fields));
    fields.iter().map(|field| field.to_ascii_uppercase()).collect()
}

/// Learns the names of a struct's fields.
struct Fields<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for Fields<'_> {
    type Error = Learnt;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, Learnt> {
        *self.0 = fields;
        Err(Learnt)
    }

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Learnt> {
        Err(Learnt)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// There is nothing more to learn.
#[derive(Debug)]
struct Learnt;

impl fmt::Display for Learnt {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("only the names of the fields were wanted")
    }
}

impl std::error::Error for Learnt {}

impl Error for Learnt {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::KitSettings;

    #[test]
    fn a_topics_variables_are_its_fields() {
        let variables = variables::<KitSettings>();
        for name in ["ADMIN_ADDRESS", "DRAIN_DELAY", "LOG_FORMAT"] {
            assert!(variables.iter().any(|variable| variable == name), "{name} is not in {variables:?}");
        }
    }
}
