//! Notations as data: how a key and its value are written where no sign such as `=` or `:` joins them.
//!
//! `patterns/notations.toml` has an entry for each, with lines it must read and lines it must not. For example Erlang's
//! `{password, <<"x">>}`: before the key stands `{`, between key and value `,` and `<<`, and the value is quoted.

/// How a key and its value are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// Unique name.
    pub id: String,
    /// One of these stands right before the key or its quote, a word by itself where it begins with a letter, and
    /// none of a call's where it is a bracket; nothing means that anything may.
    pub before: Vec<String>,
    /// Whether the key stands in quotes; nothing means that it may.
    pub key_quoted: Option<bool>,
    /// One of these stands between the key, or its quote, and the value. A blank stands for a gap: blanks and colour
    /// codes, or nothing; two for one of two blanks or more; a backslash for one or more of them, `#` for a number, `~`
    /// for a gap that is one, `*` for the rest of a tag.
    pub between: Vec<String>,
    /// What the value is.
    pub value: ValueForm,
    /// One of these stands behind the value or its quote; nothing means that anything may.
    pub after: Vec<String>,
}

/// How the value of a [`Form`] is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueForm {
    /// In quotes.
    Quoted,
    /// In quotes or bare.
    Any,
    /// The text of an element, up to the next `<`.
    Element,
    /// In quotes or bare, and nothing that a program or a person would call a thing: where the notation alone may be
    /// prose, a table of documentation or the names of columns.
    Drawn,
    /// Whatever stands up to the line's end.
    Line,
}

impl ValueForm {
    const ALL: [(ValueForm, &'static str); 5] = [
        (ValueForm::Quoted, "quoted"),
        (ValueForm::Any, "any"),
        (ValueForm::Element, "element"),
        (ValueForm::Drawn, "drawn"),
        (ValueForm::Line, "line"),
    ];

    /// The kind of this name.
    pub fn from_name(name: &str) -> Option<ValueForm> {
        Self::ALL.into_iter().find(|(_, n)| *n == name).map(|(form, _)| form)
    }

    /// Its name in the file.
    pub fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|(form, _)| *form == self).map_or("", |(_, name)| name)
    }
}

impl Form {
    /// The form as texts, for a pack.
    pub fn texts(&self) -> [Vec<String>; 4] {
        let quoted = match self.key_quoted {
            None => "",
            Some(true) => "quoted",
            Some(false) => "bare",
        };
        let head = vec![self.id.clone(), quoted.to_owned(), self.value.name().to_owned()];
        [head, self.before.clone(), self.between.clone(), self.after.clone()]
    }

    /// The form of the texts, if they are one's.
    pub fn of([head, before, between, after]: [Vec<String>; 4]) -> Option<Form> {
        let [id, quoted, value] = <[String; 3]>::try_from(head).ok()?;
        let key_quoted = match quoted.as_str() {
            "" => None,
            "quoted" => Some(true),
            "bare" => Some(false),
            _ => return None,
        };
        Some(Form { id, before, key_quoted, between, value: ValueForm::from_name(&value)?, after })
    }
}
