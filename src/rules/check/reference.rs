//! Values that say where the value is: variables, templates, formats, program text that joins texts, names in a vault.

use super::{prose, public};
use crate::rules::words::words;

/// Tags of YAML whose value is looked up elsewhere.
const TAGS: &[&str] = words!("yaml-tags");

/// `${VAR}`, `$VAR`, `$(cmd)`, `{{ template }}`, `<%= x %>`, `%(var)s`, `#{x}`, `%VAR%`, `$$VAR`.
pub fn is_reference(v: &[u8]) -> bool {
    let name = |s: &[u8]| {
        let s = s.trim_ascii();
        !s.is_empty()
            && s.iter().all(|b| {
                b.is_ascii_alphanumeric()
                    || matches!(b, b'_' | b'.' | b' ' | b'-' | b'/' | b'(' | b')' | b'|' | b'[' | b']' | b'\'' | b'`')
            })
    };
    let word =
        |s: &[u8]| !s.is_empty() && !s[0].is_ascii_digit() && s.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_');
    match v {
        // A group of a pattern: `\([^"]*\)`.
        [b'\\', b'(', b'[' | b'.', ..] => true,
        [b'\\', rest @ ..] => rest.starts_with(b"$") && is_reference(rest),
        // Another variable in a variable's stead: `${KEY:-${OTHER}}`.
        [b'-' | b'=', b'$', b'{', inner @ ..] => word(inner.strip_suffix(b"}").unwrap_or(inner)),
        [b'+' | b'.' | b'&', b' ', ..] => is_joined(v),
        [b'$', b'{', inner @ ..] if is_required(inner) => true,
        [b'$', b'(', command @ ..] if SAYING.contains(&program(command)) => false,
        [b'$', b'(', ..] if is_output(v) => true,
        // A text of the shell that is left for a variable: `{"token":"'$TOKEN'"}`.
        [b'\'', inner @ .., b'\''] => inner.starts_with(b"$") && is_reference(inner),
        [b'$', rest @ ..] if is_member(rest) => true,
        [b'$', b'$', rest @ ..] if is_reference_body(rest, name, word) => true,
        [b'$', rest @ ..] if is_reference_body(rest, name, word) => true,
        [b'{', b'{', inner @ .., b'}', b'}'] => {
            inner.split(|b| *b == b',').all(name) || is_resolved(inner) || is_asked(inner)
        }
        // The marks of the text that is looked up end the value.
        [b'{', b'{', inner @ ..] if inner.trim_ascii_start().starts_with(b"lookup(") => true,
        [b'<', b'%', inner @ .., b'%', b'>'] => {
            let inner = inner.strip_prefix(b"=").unwrap_or(inner);
            name(inner) || is_asked(inner)
        }
        [b'%', b'(', inner @ .., b')', b's'] | [b'#', b'{', inner @ .., b'}'] => name(inner),
        // `%{string:User-Password}`: of which kind, too.
        [b'%', b'{', inner @ .., b'}'] => inner.splitn(2, |b| *b == b':').all(name),
        [b'[', inner @ .., b']'] => is_expression(inner),
        [b'%', inner @ .., b'%'] => word(inner),
        [b'%', digits @ ..] if (1..=2).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit) => true,
        [b'%', ..] if v.split(|b| *b == b'%').skip(1).all(is_format_part) => true,
        [b'%', rest @ ..] if is_format(rest) => true,
        [b'{', digits @ .., b'}'] if digits.iter().all(u8::is_ascii_digit) => true,
        [b'{', inner @ .., b'}'] => word(inner.trim_ascii()) || is_called(inner) || prose::is_code_reference(inner),
        [b'{', inner @ ..] => is_sliced(inner) || inner.strip_suffix(b"(").is_some_and(word),
        [b'$', digit] if digit.is_ascii_digit() || matches!(digit, b'@' | b'*' | b'#') => true,
        [b'@', b'p', digits @ ..] if !digits.is_empty() => digits.iter().all(u8::is_ascii_digit),
        [b'(', b'(', inner @ ..] => is_in_vault(inner),
        [b'&', inner @ ..] => is_captured(inner),
        [b'@', b'@', inner @ .., b'@', b'@'] => word(inner),
        [b'_', b'_', inner @ .., b'_', b'_'] => {
            inner.len() > 1 && inner.iter().all(|b| b.is_ascii_uppercase() || *b == b'_')
        }
        [b'#', inner @ ..] => is_selector(inner),
        [b'/', path @ ..] => is_page(path),
        [b'@', inner @ ..] if is_indexed(inner) || is_looked_up(inner) || is_annotation(inner) => true,
        _ => TAGS.iter().any(|tag| v.starts_with(tag.as_bytes())),
    }
}

/// What expressions of Azure's templates begin with.
const FUNCTIONS: &[&str] = words!("template-functions");

/// `parameters('adminPassword')`, `concat('app-', variables('x'))` in brackets: what a template of Azure's fills in.
fn is_expression(inner: &[u8]) -> bool {
    let name = inner.iter().take_while(|b| b.is_ascii_alphanumeric()).count();
    let plain = |b: &u8| b.is_ascii_alphanumeric() || b"()[]'.,:/_- ".contains(b);
    // A text with digits may be the secret that is made of it.
    let mut texts = inner.split(|b| *b == b'\'').skip(1).step_by(2);
    inner.get(name) == Some(&b'(')
        && FUNCTIONS.iter().any(|function| function.as_bytes() == &inner[..name])
        && inner.iter().all(plain)
        && texts.all(|text| !text.iter().any(u8::is_ascii_digit))
}

/// `resolve:secretsmanager:/db/password:SecretString:password`: what CloudFormation looks up.
fn is_resolved(inner: &[u8]) -> bool {
    let path = |b: &u8| b.is_ascii_alphanumeric() || b":/_.-+=@!".contains(b);
    inner.strip_prefix(b"resolve:").is_some_and(|rest| rest.iter().all(path))
}

/// `ENV["DB_PASSWORD"]`, `getenv "DB_PASSWORD"` in a template: what is asked for by a constant's name.
fn is_asked(inner: &[u8]) -> bool {
    let inner = inner.trim_ascii();
    let constant = |b: &u8| b.is_ascii_uppercase() || b.is_ascii_digit() || matches!(b, b'_' | b'\\');
    let name = |b: &u8| b.is_ascii_alphanumeric() || b"_.[]()$: \\".contains(b);
    let mut parts = inner.split(|b| matches!(b, b'"' | b'\'')).enumerate();
    inner.first().is_some_and(|b| b.is_ascii_alphabetic() || matches!(b, b'.' | b'$'))
        && parts.all(|(n, part)| if n % 2 == 1 { part.iter().all(constant) } else { part.iter().all(name) })
}

/// `DB_PASSWORD:?not set` in braces: a variable of the shell that must be set.
fn is_required(inner: &[u8]) -> bool {
    let name = inner.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
    name > 0 && inner[name..].starts_with(b":?")
}

/// `javax.annotation.Generated` behind a `@`: an annotation of Java by its whole name.
fn is_annotation(inner: &[u8]) -> bool {
    let mut parts = inner.rsplit(|b| *b == b'.');
    let class = parts.next().is_some_and(|name| name.len() > 2 && name[0].is_ascii_uppercase() && !upper(&name[1..]));
    let packages =
        parts.clone().count() > 1 && parts.all(|name| name.len() > 1 && name.iter().all(u8::is_ascii_lowercase));
    class && packages && inner.iter().all(|b| b.is_ascii_alphabetic() || *b == b'.')
}

/// Programs that say what they are given: the secret stands there.
const SAYING: [&[u8]; 2] = [b"echo", b"printf"];

/// `$(kubectl get secret db -o jsonpath="{.data.p}" | base64 -d)`: what a command says. The shell's own marks may end the
/// value before the command does; what is a secret in the command is found for itself.
pub(super) fn is_output(v: &[u8]) -> bool {
    let Some(command) = v.strip_prefix(b"$(") else { return false };
    // `$($(dirname $0)/get-secret`: another command says which.
    let nested = command.starts_with(b"$(");
    let command = command.strip_prefix(b"$(").unwrap_or(command);
    let program = program(command);
    // More of a value behind the command belongs to the value.
    let close = command.windows(2).position(|pair| pair[0] != b'\\' && pair[1] == b')');
    let tail = close.map_or(&b""[..], |at| &command[at + 1..]);
    if tail.iter().any(|b| *b != b')') {
        return false;
    }
    match command.get(program.len()) {
        Some(b' ') => program.len() > 1 && !SAYING.contains(&program),
        Some(_) => false,
        None => !SAYING.contains(&program) && (nested && program.len() > 1 || public::is_program(program)),
    }
}

/// The name that a command begins with.
fn program(command: &[u8]) -> &[u8] {
    let name = |b: &&u8| b.is_ascii_lowercase() || matches!(b, b'_' | b'-' | b'.' | b'/');
    &command[..command.iter().take_while(name).count()]
}

/// `MyApp.Secrets.for_conn/1` behind a `&`: a function of Elixir, by its name and how many arguments it takes.
fn is_captured(inner: &[u8]) -> bool {
    let name = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'?' | b'!');
    matches!(inner, [path @ .., b'/', count] if count.is_ascii_digit() && path.contains(&b'.') && path.iter().all(name))
}

/// `((vcenter_password))`: where a pipeline fills a secret in.
fn is_in_vault(inner: &[u8]) -> bool {
    let name = inner.strip_suffix(b"))").unwrap_or(inner);
    name.len() > 2 && name.iter().all(|b| b.is_ascii_alphabetic() || matches!(b, b'_' | b'-' | b'.' | b'/'))
}

/// `+ password +`, `. $this->_config[`: program text between the two halves of a text that it joins.
fn is_joined(v: &[u8]) -> bool {
    let begins = matches!(v.get(2), Some(b) if b.is_ascii_alphabetic() || matches!(b, b'_' | b'$' | b'('));
    begins && matches!(v, [.., b' ', b'+' | b'.' | b'&'] | [.., b'[' | b'('] | [.., b'|', b'|'] | [.., b'?', b'?'])
}

/// `resource[:logonpassword` behind the sign of Ruby's variables.
fn is_indexed(inner: &[u8]) -> bool {
    let name = inner.iter().take_while(|b| b.is_ascii_lowercase() || **b == b'_').count();
    let key = inner.get(name..).and_then(|rest| rest.strip_prefix(b"[:"));
    name > 0 && key.is_some_and(|key| key.iter().all(|b| b.is_ascii_lowercase() || matches!(b, b'_' | b']')))
}

/// `keychain:$AC_PASSWORD` behind an `@`: where a program is to look it up.
fn is_looked_up(inner: &[u8]) -> bool {
    let name = inner.strip_prefix(b"keychain:").or_else(|| inner.strip_prefix(b"env:"));
    name.is_some_and(|name| name.starts_with(b"$") && is_reference(name))
}

/// `token[:10` in the braces of one of Python's texts.
fn is_sliced(inner: &[u8]) -> bool {
    let name = inner.iter().take_while(|b| b.is_ascii_lowercase() || matches!(b, b'_' | b'.')).count();
    let place = |b: &u8| b.is_ascii_digit() || matches!(b, b':' | b'-');
    name > 1
        && matches!(&inner[name..], [b'[', place_or_end @ ..] if place_or_end.iter().take_while(|b| **b != b']').all(place))
}

/// `get_token(name)` in the braces of a template.
fn is_called(inner: &[u8]) -> bool {
    let name = inner.iter().take_while(|b| b.is_ascii_alphabetic() || matches!(b, b'_' | b'.')).count();
    let rest = &inner[name..];
    let argument = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b',' | b' ');
    name > 2 && matches!(rest, [b'(', arguments @ .., b')'] if arguments.iter().all(argument))
}

/// `login-password`, `user_token` behind a `#`: what a page calls a field.
fn is_selector(inner: &[u8]) -> bool {
    let mut parts = inner.split(|b| matches!(b, b'-' | b'_'));
    inner.iter().all(|b| b.is_ascii_lowercase() || matches!(b, b'-' | b'_'))
        && parts.clone().count() > 1
        && parts.any(prose::is_secret_name)
}

/// `forgot_password`, `users/reset-password` behind a `/`: the page of a site where one is entered.
fn is_page(path: &[u8]) -> bool {
    path.iter().all(|b| b.is_ascii_lowercase() || matches!(b, b'-' | b'_' | b'/'))
        && path.split(|b| matches!(b, b'-' | b'_' | b'/')).any(prose::is_secret_name)
}

/// `Token.Content`, `Tokens[$Index`, `this->password` behind a `$`: what a variable holds.
fn is_member(rest: &[u8]) -> bool {
    let name = |s: &[u8]| s.iter().take_while(|b| b.is_ascii_alphabetic() || **b == b'_').count();
    let own = name(rest);
    let inner = match rest.get(own..) {
        Some([b'.' | b'[', inner @ ..] | [b'-', b'>', inner @ ..] | [b':', b':', inner @ ..]) if own > 1 => inner,
        _ => return false,
    };
    let inner = inner.strip_prefix(b"$").unwrap_or(inner);
    let end = name(inner);
    end > 1 && matches!(&inner[end..], [] | [b']' | b'.' | b'[' | b'(', ..] | [b'-', b'>', ..])
}

/// `%T:`, `%s"`: one of several places where a text is filled in, and the signs behind it.
fn is_format_part(rest: &[u8]) -> bool {
    let end = rest.iter().rposition(u8::is_ascii_alphanumeric).map_or(0, |last| last + 1);
    is_format(&rest[..end]) || matches!(&rest[..end], b"T" | b"t" | b"w" | b"p")
}

/// `%s`, `%d`, `%1$s`, `%-10q`: where a text is filled in; and `%%1842`, Windows' number of one.
fn is_format(rest: &[u8]) -> bool {
    let flags = rest.iter().take_while(|b| b.is_ascii_digit() || matches!(b, b'-' | b'+' | b'.' | b'$')).count();
    match &rest[flags..] {
        [b's' | b'd' | b'v' | b'q' | b'u' | b'x' | b'i' | b'@' | b'r'] => true,
        [b'%', digits @ ..] => flags == 0 && !digits.is_empty() && digits.iter().all(u8::is_ascii_digit),
        _ => false,
    }
}

fn is_reference_body(rest: &[u8], name: impl Fn(&[u8]) -> bool, word: impl Fn(&[u8]) -> bool) -> bool {
    match rest {
        [b'{', b'{', inner @ .., b'}', b'}'] | [b'{', inner @ .., b'}'] => {
            name(inner) || default_is_placeholder(inner, word)
        }
        [b'(', inner @ .., b')'] => name(inner),
        // `$VAR`, but not a password that begins with a dollar sign: variables are in one case, or say what they have.
        _ => word(rest) && !rest.iter().any(u8::is_ascii_digit) && (upper(rest) || lower(rest) || is_camel(rest)),
    }
}

/// `VAR:-default` with a default that is itself no secret.
fn default_is_placeholder(inner: &[u8], word: impl Fn(&[u8]) -> bool) -> bool {
    // `TOKEN?`: an error where there is none.
    if let Some(end) = inner.iter().position(|b| *b == b'?').filter(|end| word(&inner[..*end])) {
        return inner[end + 1..].iter().all(|b| b.is_ascii_alphabetic() || *b == b' ');
    }
    let Some(i) = inner.windows(2).position(|w| matches!(w, b":-" | b":=" | b":?")) else {
        // `billing_session:authentication_token`: what is asked of it. Elsewhere a default may stand there.
        let (of, asked) = match inner.iter().position(|b| *b == b':') {
            Some(colon) => (&inner[..colon], &inner[colon + 1..]),
            None => return false,
        };
        let parts = |name: &'_ [u8]| name.split(|b| *b == b'_').filter(|part| prose::is_secret_name(part)).count();
        return word(of) && lower(of) && parts(of) == 0 && word(asked) && asked.contains(&b'_') && parts(asked) > 0;
    };
    let default = &inner[i + 2..];
    // What the shell says where there is none.
    if inner[i + 1] == b'?' {
        return word(&inner[..i]);
    }
    word(&inner[..i])
        && (default.is_empty() || matches!(default, [b'$', rest @ ..] if rest.iter().all(u8::is_ascii_alphanumeric)))
}

/// `mySecretKey`: a small letter first, and the name of a secret.
fn is_camel(name: &[u8]) -> bool {
    name[0].is_ascii_lowercase() && !name.contains(&b'_') && prose::names_secret(&name.to_ascii_lowercase())
}

fn upper(v: &[u8]) -> bool {
    !v.iter().any(u8::is_ascii_lowercase)
}

fn lower(v: &[u8]) -> bool {
    !v.iter().any(u8::is_ascii_uppercase)
}

#[cfg(test)]
mod tests {
    use super::is_reference;

    #[test]
    fn references() {
        for text in [
            "{{env `DB_PW`}}",
            "{{ getenv \"DB_PW\" }}",
            "{{ lookup(",
            "<%= ENV[\"DB_PW\"] %>",
            "<%= ENV[\\\"DB_PW\\\"] %>",
            "${DB_PW:?not set}",
            "{loadIt(",
            "@javax.annotation.Generated",
            "{{resolve:secretsmanager:/db/pw:SecretString:password}}",
            "/users/reset_password",
            "$mySecretKey",
            "'$TOKEN'",
            "__DB_PW__",
            r"\([^",
            "$(kubectl get secret db -o jsonpath=\"{.data.p}\" | base64 -d)",
            "$(aws ssm get-parameter --name ",
            "$(kubectl",
            "$($(dirname",
            "%{string:User-Password}",
            "[parameters('adminPassword')]",
            "[concat('app', parameters('suffix'))]",
            "[reference(resourceId('Microsoft.Sql/servers', 'x')).adminPassword]",
        ] {
            assert!(is_reference(text.as_bytes()), "{text}");
        }
        for text in [
            "$myHunter",
            "'$ecret1x'",
            "{{ \"hunter2\" }}",
            "{{ default \"hunter2\" .x }}",
            "<%= ENV[\"DB_PW\"] || \"hunter2\" %>",
            "${DB_PW:-hunter2}",
            "@my.Hunter",
            "__hunter__",
            "__HUNTER2__",
            "/hunter/two",
            "$(printf hunter2 | base64",
            "$(echo hunter2)",
            "$(hunter",
            "$($(echo",
            "[concat('hunter2', parameters('suffix'))]",
            "[hunter2(x)]",
            "$(cat /run/x)hunter2",
        ] {
            assert!(!is_reference(text.as_bytes()), "{text}");
        }
    }
}
