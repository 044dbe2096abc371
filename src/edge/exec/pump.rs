//! One stream of the program's on its way to ours, in a thread of its own.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::Sender;
use std::thread;
use std::time::Duration;

use super::drain::{Source, Wait};
use super::event::{Event, Fault, Pumped};
use super::screen::Screen;
use super::typed::Typed;
use crate::edge::outbox::{Outbox, Sink};
use crate::edge::patience::Patience;
use crate::edge::pipe::{self, Buffer, Lane, Trouble};
use crate::edge::raw::Raw;
use crate::engine::found::tally::Tally;
use crate::engine::redactor::Redactor;

/// The silence after which what a line has so far may leave.
const SILENCE: Duration = Duration::from_millis(25);

/// How it is looked through.
pub enum Way {
    /// By lines.
    Lane(Box<Lane>),
    /// As what a person sees come.
    Screen(Box<Screen>),
}

impl Way {
    /// As what a person sees come.
    pub fn screen(redactor: &Redactor, typed: &Typed) -> Way {
        Way::Screen(Box::new(Screen::new(redactor, typed)))
    }
}

/// Starts it. Its end is an event; by then its pipe is closed, whatever ended it.
///
/// # Errors
/// When there can be no further thread.
pub fn start(source: Source, way: Way, to: Raw, name: &'static str, tell: &Sender<Event>) -> io::Result<()> {
    let tell = tell.clone();
    let run = move || {
        let pumped = catch_unwind(AssertUnwindSafe(|| pumped(source, way, to, name)));
        let internal = |_| Pumped { tally: Tally::default(), cut: false, fault: Some(Fault::Internal) };
        let _ = tell.send(Event::Pumped(pumped.unwrap_or_else(internal)));
    };
    thread::Builder::new().name("pump".into()).spawn(run).map(drop)
}

fn pumped(mut source: Source, way: Way, to: Raw, name: &'static str) -> Pumped {
    let (mut out, mut buffer) = (Outbox::new(to), Buffer::default());
    let (tally, end) = match way {
        Way::Lane(mut lane) => {
            let end = pipe::pump(&mut source, &mut lane, &mut out, &mut buffer, &Patience::default(), &mut |_| {});
            (lane.tally(), end)
        }
        Way::Screen(mut screen) => {
            let end = shown(&mut source, &mut screen, &mut out, &mut buffer);
            (screen.tally().clone(), end)
        }
    };
    let fault = match end {
        Err(Trouble::Write(e)) if e.kind() == io::ErrorKind::BrokenPipe => None,
        Err(trouble) => Some(Fault::Stream(name, trouble)),
        Ok(()) => None,
    };
    Pumped { tally, cut: source.is_cut(), fault }
}

/// Like [`pipe::pump`], but what surely is no part of a secret leaves after a silence.
fn shown(source: &mut Source, screen: &mut Screen, out: &mut impl Sink, buffer: &mut Buffer) -> Result<(), Trouble> {
    let end = loop {
        let patience = screen.waits().then_some(SILENCE);
        match source.wait(patience) {
            Err(e) => break Err(Trouble::Read(e)),
            Ok(Wait::Over) => break Ok(()),
            Ok(Wait::Quiet) => screen.quiet(&mut |piece| out.take(piece)),
            Ok(Wait::Ready) => match source.take(buffer.bytes_mut()) {
                Ok(0) => break Ok(()),
                Ok(n) => screen.push(&buffer.bytes()[..n], &mut |piece| out.take(piece)),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => break Err(Trouble::Read(e)),
            },
        }
        out.flush().map_err(Trouble::Write)?;
        if source.is_cut() {
            break Ok(());
        }
    };
    screen.finish(&mut |piece| out.take(piece));
    out.flush().map_err(Trouble::Write)?;
    end
}
