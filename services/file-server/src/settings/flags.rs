//! The command line, as Go's flag package reads it, becomes variables.
//!
//! 1. `-name value`, `-name=value`, and both with two dashes; a switch takes a value only after `=`.
//! 2. A flag sets its variable and so wins over it. A secret's two forms (`-secretKey`, `-secretKeyFile`) exclude each
//!    other, so a flag for one also takes the other's variable away.
//! 3. The variables of s3www's README become those of its code; both with different values are a fault.
//! 4. An empty variable is as good as none, as s3www has it.

use service_kit::{Environment, Faults};

use super::table::{self, Setting};

/// What the command line asks for.
pub enum Invocation {
    /// To run, with these settings.
    Run(Environment),
    /// To be told about the flags.
    Help(String),
}

/// Lays the flags over the variables. What is wrong with the flags goes to `faults`.
pub fn read(
    mut environment: Environment,
    arguments: impl IntoIterator<Item = String>,
    faults: &mut Faults,
) -> Invocation {
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        let Some(flag) = argument.strip_prefix("--").or_else(|| argument.strip_prefix('-')) else {
            faults.add(shown(&argument), "is no flag: flags begin with a dash");
            continue;
        };
        let (name, inline) = match flag.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (flag, None),
        };
        if matches!(name, "h" | "help") {
            return Invocation::Help(table::help());
        }
        let Some(setting) = table::all().find(|setting| setting.flag == name) else {
            faults.add(format!("-{}", shown(name)), "is not a flag of file-server; -help lists them");
            continue;
        };
        let value = match inline {
            Some(value) => Some(value),
            None if setting.switch => Some("true".to_owned()),
            None => arguments.next(),
        };
        match value {
            Some(value) => set(&mut environment, setting, &value),
            None => faults.add(format!("-{name}"), "needs a value"),
        }
    }
    Invocation::Run(environment)
}

fn set(environment: &mut Environment, setting: &Setting, value: &str) {
    if let Some(alias) = setting.alias {
        environment.remove(alias);
    }
    let twin = match setting.variable.strip_suffix("_FILE") {
        Some(plain) => plain.to_owned(),
        None => format!("{}_FILE", setting.variable),
    };
    if table::all().any(|other| other.variable == twin) {
        environment.remove(&twin);
    }
    environment.set(setting.variable, value);
}

/// Brings both spellings to one, and takes empty variables out.
pub fn normalize(environment: &Environment, faults: &mut Faults) -> Environment {
    let mut normal = environment.clone();
    for setting in table::all() {
        if normal.get(setting.variable).is_some_and(str::is_empty) {
            normal.remove(setting.variable);
        }
        let Some(alias) = setting.alias else { continue };
        let Some(value) = normal.remove(alias).filter(|value| !value.is_empty()) else { continue };
        match normal.get(setting.variable) {
            Some(other) if other != value => {
                faults.add(alias, format_args!("differs from {}: set one of them", setting.variable));
            }
            _ => normal.set(setting.variable, value),
        }
    }
    normal
}

/// What a message may show of an argument that is no flag: it may be a secret that lost its flag.
fn shown(argument: &str) -> String {
    let mut start: String =
        argument.chars().take_while(|char| char.is_ascii_alphanumeric() || *char == '-').take(12).collect();
    if start.len() < argument.len() {
        start.push('…');
    }
    start
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(pairs: &[(&str, &str)], arguments: &[&str]) -> (Environment, Faults) {
        let mut faults = Faults::default();
        let environment = Environment::from_pairs(pairs.iter().copied());
        let arguments = arguments.iter().map(|argument| (*argument).to_owned());
        match read(environment, arguments, &mut faults) {
            Invocation::Run(environment) => (normalize(&environment, &mut faults), faults),
            Invocation::Help(_) => panic!("help was not asked for"),
        }
    }

    #[test]
    fn every_flag_in_every_form() {
        for setting in table::all() {
            let flag = setting.flag;
            for arguments in [
                vec![format!("-{flag}=true")],
                vec![format!("--{flag}=true")],
                if setting.switch {
                    vec![format!("-{flag}")]
                } else {
                    vec![format!("-{flag}"), "true".to_owned()]
                },
                if setting.switch {
                    vec![format!("--{flag}")]
                } else {
                    vec![format!("--{flag}"), "true".to_owned()]
                },
            ] {
                let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
                let (environment, faults) = run(&[(setting.variable, "other")], &arguments);
                assert!(faults.is_empty(), "{faults}");
                assert_eq!(environment.get(setting.variable), Some("true"), "{arguments:?}");
            }
        }
    }

    #[test]
    fn both_spellings_of_a_variable() {
        for (alias, variable) in [
            ("S3WWW_TLS_CERT", "S3WWW_SSL_CERT"),
            ("S3WWW_TLS_KEY", "S3WWW_SSL_KEY"),
            ("S3WWW_SPA", "S3WWW_SPA_FILE"),
        ] {
            let (environment, faults) = run(&[(alias, "x")], &[]);
            assert!(faults.is_empty(), "{faults}");
            assert_eq!((environment.get(variable), environment.get(alias)), (Some("x"), None));
            let (_, faults) = run(&[(alias, "x"), (variable, "y")], &[]);
            assert!(faults.to_string().contains(alias), "{faults}");
        }
        let (environment, faults) = run(&[("S3WWW_SPA", "x")], &["-spaFile", "y"]);
        assert!(faults.is_empty(), "{faults}");
        assert_eq!(environment.get("S3WWW_SPA_FILE"), Some("y"));
    }

    #[test]
    fn a_flag_for_one_form_of_a_secret_wins_over_the_other() {
        let (environment, _) = run(&[("S3WWW_SECRET_KEY", "a")], &["-secretKeyFile", "f"]);
        assert_eq!(
            (environment.get("S3WWW_SECRET_KEY"), environment.get("S3WWW_SECRET_KEY_FILE")),
            (None, Some("f"))
        );
    }

    #[test]
    fn every_wrong_argument_is_named_and_no_secret_shown() {
        let (_, faults) = run(&[], &["-nope=hunter2", "sec=hunter2", "-listing", "true", "-bucket"]);
        let names: Vec<_> = faults.iter().map(|fault| fault.name.as_str()).collect();
        assert_eq!(names, ["-nope", "sec…", "true", "-bucket"]);
        assert!(!faults.to_string().contains("hunter2"));
    }

    #[test]
    fn help_names_every_setting() {
        for flag in ["-h", "-help", "--help"] {
            let invocation = read(Environment::default(), [flag.to_owned()], &mut Faults::default());
            let Invocation::Help(text) = invocation else { panic!("{flag} asks for help") };
            for setting in table::all() {
                assert!(text.contains(setting.variable) && text.contains(&format!("  -{} ", setting.flag)));
            }
        }
    }

    #[test]
    fn an_empty_variable_is_none() {
        assert_eq!(run(&[("S3WWW_BUCKET", "")], &[]).0.get("S3WWW_BUCKET"), None);
    }
}
