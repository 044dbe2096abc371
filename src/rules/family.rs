//! The families of secrets.

/// Which of the kinds of secret a rule belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// Given as secrets: [`Values`](https://docs.rs/logveil/latest/logveil/struct.Values.html); no rule file has it.
    Known,
    /// Known by its shape: a prefix and an alphabet.
    Token,
    /// Known by the key before it.
    Key,
    /// Known by its place: URL userinfo, headers, command lines.
    Place,
    /// Payment cards.
    Card,
    /// Key blocks over several lines.
    Block,
    /// Personal data; off unless asked for.
    Person,
    /// A user's own rules.
    Custom,
}

impl Family {
    /// Every family, in the order of reports.
    pub const ALL: [Family; 8] = [
        Family::Known,
        Family::Token,
        Family::Key,
        Family::Place,
        Family::Card,
        Family::Block,
        Family::Person,
        Family::Custom,
    ];

    /// The name used in rule files and options.
    pub fn name(self) -> &'static str {
        match self {
            Family::Known => "known",
            Family::Token => "token",
            Family::Key => "key",
            Family::Place => "place",
            Family::Card => "card",
            Family::Block => "block",
            Family::Person => "person",
            Family::Custom => "custom",
        }
    }

    /// The family of that name.
    pub fn from_name(name: &str) -> Option<Family> {
        Family::ALL.into_iter().find(|f| f.name() == name)
    }

    /// Whether its rules are on when nobody says otherwise.
    pub fn on_by_default(self) -> bool {
        self != Family::Person
    }
}
