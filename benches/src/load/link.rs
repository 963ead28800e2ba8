//! One connection that speaks HTTP/1.1, as little of it as the load needs: the program that measures must cost less
//! than what it measures.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Longest answer that is read: a page of the API.
const MAX_ANSWER: usize = 16 * 1024 * 1024;

/// A connection with its buffers.
#[derive(Debug)]
pub struct Link<S> {
    stream: S,
    sent: Vec<u8>,
    read: Vec<u8>,
}

/// An answer: status, head and body.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// The status code.
    pub status: u16,
    /// The head as text, with its status line.
    pub head: &'a str,
    /// The body.
    pub body: &'a [u8],
}

impl Answer<'_> {
    /// A header's value.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(':'));
        lines.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
}

impl Link<TcpStream> {
    /// Connects without TLS.
    ///
    /// # Errors
    /// The network's.
    pub async fn plain(address: SocketAddr) -> anyhow::Result<Self> {
        Ok(Self::over(connect(address).await?))
    }
}

impl Link<TlsStream<TcpStream>> {
    /// Connects with TLS.
    ///
    /// # Errors
    /// The network's, or the handshake's.
    pub async fn tls(address: SocketAddr, config: Arc<ClientConfig>) -> anyhow::Result<Self> {
        let name = ServerName::IpAddress(address.ip().into());
        let stream = TlsConnector::from(config).connect(name, connect(address).await?).await;
        Ok(Self::over(stream.context("the TLS handshake failed")?))
    }
}

async fn connect(address: SocketAddr) -> anyhow::Result<TcpStream> {
    let stream = TcpStream::connect(address).await.with_context(|| format!("can't connect to {address}"))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

impl<S: AsyncRead + AsyncWrite + Unpin> Link<S> {
    fn over(stream: S) -> Self {
        Self { stream, sent: Vec::new(), read: Vec::new() }
    }

    /// Sends a request in parts (the head without its length, then the body's parts) and reads the answer.
    ///
    /// # Errors
    /// The network's, or an answer that isn't HTTP/1.1 with a length.
    pub async fn exchange(&mut self, head: &str, body: &[&[u8]]) -> anyhow::Result<Answer<'_>> {
        let length: usize = body.iter().map(|part| part.len()).sum();
        self.sent.clear();
        self.sent.extend_from_slice(head.as_bytes());
        self.sent.extend_from_slice(format!("content-length: {length}\r\n\r\n").as_bytes());
        body.iter().for_each(|part| self.sent.extend_from_slice(part));
        self.stream.write_all(&self.sent).await?;
        self.stream.flush().await?;
        self.answer().await
    }

    async fn answer(&mut self) -> anyhow::Result<Answer<'_>> {
        self.read.clear();
        let (head, length) = loop {
            self.more().await?;
            let found = self.read.windows(4).position(|window| window == b"\r\n\r\n");
            if let Some(at) = found {
                let head = std::str::from_utf8(self.read.get(..at).unwrap_or_default())?;
                let answer = Answer { status: 0, head, body: &[] };
                if answer.header("transfer-encoding").is_some() {
                    bail!("the answer has no length");
                }
                break (at, answer.header("content-length").map_or(Ok(0), str::parse::<usize>)?);
            }
        };
        while self.read.len() < head + 4 + length {
            self.more().await?;
        }
        let text = std::str::from_utf8(self.read.get(..head).unwrap_or_default())?;
        let status = text.get(9..12).context("the answer has no status")?.parse()?;
        Ok(Answer { status, head: text, body: self.read.get(head + 4..).unwrap_or_default() })
    }

    async fn more(&mut self) -> anyhow::Result<()> {
        if self.read.len() > MAX_ANSWER {
            bail!("the answer is longer than {MAX_ANSWER} bytes");
        }
        self.read.reserve(4 * 1024);
        if self.stream.read_buf(&mut self.read).await? == 0 {
            bail!("the server closed the connection");
        }
        Ok(())
    }
}
