//! A relay for logs: what it reads of a connection it writes to standard output, masked. `cargo run --bin relay`.

use logveil::Redactor;
use logveil::adapters::tokio::RedactReader;

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    eprintln!("{}", listener.local_addr()?);
    let (connection, _) = listener.accept().await?;
    let mut masked = RedactReader::new(connection, &Redactor::builtin());
    tokio::io::copy(&mut masked, &mut tokio::io::stdout()).await?;
    Ok(())
}
