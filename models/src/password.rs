//! Passwords: Argon2id, and the list of those that a guesser tries first.
//!
//! Parameters are OWASP's first choice (19 MiB, two passes). Hashing costs some 40 ms of CPU, so
//! callers run it off the request threads and never many at once.

use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};

pub const MIN_CHARS: usize = 10;
/// Longer input is refused before it is hashed.
pub const MAX_BYTES: usize = 1024;

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Weak {
    #[error("Use at least {MIN_CHARS} characters. A few words together make a good password.")]
    TooShort,
    #[error("Use at most {MAX_BYTES} bytes.")]
    TooLong,
    #[error("This password is among the first that a guesser tries. Please choose another.")]
    Common,
}

/// `about` are the words that do not count as secret: site name, user name, address.
pub fn check(password: &str, about: &[&str]) -> Result<(), Weak> {
    if password.chars().count() < MIN_CHARS {
        return Err(Weak::TooShort);
    }
    if password.len() > MAX_BYTES {
        return Err(Weak::TooLong);
    }
    // The estimate costs time with the square of the length; what is long enough needs none.
    let head: String = password.chars().take(60).collect();
    // Of an address the part before the @ is a word of its own.
    let mut about: Vec<&str> = about
        .iter()
        .flat_map(|words| [*words, words.split('@').next().unwrap_or("")])
        .collect();
    about.push("potluck");
    // What a guesser who knows this person finds in a million tries: the lower two of its five scores.
    // Any two words make 10,000, so less would let `potluckpotluck123` in.
    if zxcvbn::zxcvbn(&head, &about).guesses() < 1_000_000 {
        return Err(Weak::Common);
    }
    Ok(())
}

fn argon2() -> Argon2<'static> {
    let params = Params::new(19_456, 2, 1, None).expect("OWASP's parameters are valid");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// The PHC string to store; the salt is drawn inside.
pub fn hash(password: &str) -> String {
    argon2()
        .hash_password(password.as_bytes())
        .expect("hashing fails only for lack of memory or randomness")
        .to_string()
}

pub fn verify(password: &str, phc: &str) -> bool {
    password.len() <= MAX_BYTES && argon2().verify_password(password.as_bytes(), phc).is_ok()
}

/// True when the stored hash was made with other parameters than today's: hash again at sign-in.
pub fn is_outdated(phc: &str) -> bool {
    !phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$")
}

/// Takes as long as verifying: an unknown name must not answer faster than a wrong password.
pub fn verify_nobody(password: &str) {
    use std::sync::LazyLock;
    static NOBODY: LazyLock<String> = LazyLock::new(|| hash("nobody has this password"));
    let _ = verify(password, &NOBODY);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_password_counts() {
        let long = "a".repeat(63) + "b";
        let phc = hash(&long);
        assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{phc}");
        assert!(verify(&long, &phc));
        assert!(!verify(&("a".repeat(63) + "c"), &phc));
        assert!(!is_outdated(&phc));
    }

    #[test]
    fn any_kind_of_character_will_do() {
        assert_eq!(check("🦆🥘🍲🥗🍰🍓🥐🧀🍇🥕🍞🍯🌽🍎🥧🫐", &[]), Ok(()));
        assert_eq!(check("qjvmwtzpxkrbnhdl", &[]), Ok(()));
        assert_eq!(check("correct horse battery", &["ann"]), Ok(()));
    }

    #[test]
    fn short_long_and_common_ones_are_refused() {
        assert_eq!(check("ninechars", &[]), Err(Weak::TooShort));
        assert_eq!(check(&"x".repeat(1025), &[]), Err(Weak::TooLong));
        for common in [
            "passwordpassword",
            "potluckpotluck123",
            "1234567890",
            "qwertyuiop",
        ] {
            assert_eq!(check(common, &[]), Err(Weak::Common), "{common}");
        }
        let about = ["Potluck", "marguerite", "marguerite.duck@example.org"];
        for common in ["marguerite.duck", "marguerite1", "potluckpotluck123"] {
            assert_eq!(check(common, &about), Err(Weak::Common), "{common}");
        }
    }
}
