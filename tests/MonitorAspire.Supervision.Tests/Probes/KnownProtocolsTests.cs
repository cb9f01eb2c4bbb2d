using System.Text;
using MonitorAspire.Supervision.Probes;

namespace MonitorAspire.Supervision.Tests.Probes;

public sealed class KnownProtocolsTests
{
    [Theory]
    [InlineData("SSH-2.0-OpenSSH_9.6\r\n", "SSH")]
    [InlineData("+PONG\r\n", "the protocol of Redis")]
    [InlineData("-ERR unknown command\r\n", "the protocol of Redis")]
    [InlineData("-NOAUTH Authentication required.\r\n", "the protocol of Redis")]
    [InlineData("-DENIED Redis is running in protected mode\r\n", "the protocol of Redis")]
    [InlineData("220 mail.example.com ESMTP\r\n", "SMTP or FTP")]
    [InlineData("220-Welcome\r\n", "SMTP or FTP")]
    [InlineData("+OK POP3 ready\r\n", "POP3")]
    [InlineData("* OK IMAP4rev1\r\n", "IMAP")]
    [InlineData("RFB 003.008\n", "VNC")]
    [InlineData("AMQP\0\0\u0009\u0001", "AMQP")]
    [InlineData("INFO {\"server_id\":", "the protocol of NATS")]
    [InlineData("ERROR\r\n", "the protocol of memcached")]
    [InlineData("J\0\0\0\u000A8.0.36\0", "the protocol of MySQL")]
    public void Explain_FirstBytesOfAServer_NameItsProtocolAndTheKindsThatFit(string sent, string name) =>
        Assert.Equal($"it speaks {name} and not HTTP; the kinds Tcp and Command fit (--health tcp or --health-command; in a configuration Health:Kind)", Explain(sent));

    [Theory]
    [InlineData("\u0015\u0003\u0001\0\u0002\u0002\u0046")]
    [InlineData("\u0015\u0003\u0003\0\u0002")]
    public void Explain_AlertOfTls_NamesTheKindHttps(string sent) => Assert.Equal("it speaks TLS; the kind Https fits (--health https; in a configuration Health:Kind)", Explain(sent));

    [Theory]
    [InlineData("\0\0\u0012\u0004\0\0\0\0\0\0\u0003")]
    [InlineData("\0\0\0\u0004\u0001\0\0\0\0")]
    public void Explain_SettingsOfHttp2_SaysSo(string sent) => Assert.StartsWith("it speaks HTTP/2 only, without TLS; the kinds Tcp and Command fit (", Explain(sent), StringComparison.Ordinal);

    [Theory]
    [InlineData("")]
    [InlineData("HTTP/1.1 200 OK\r\n")]
    [InlineData("2200")]
    [InlineData("J\0\0\0")]
    [InlineData("\u0016\u0003\u0001\0\u0002")] // another record of TLS than an alert
    [InlineData("\0\0\0\u0004\u0002\0\0\0\0")]
    [InlineData("\0\0\0\u0004\0\0\0\0\u0001")]
    public void Explain_HttpOrNotKnown_IsNone(string sent) => Assert.Null(Explain(sent));

    private static string? Explain(string sent) => KnownProtocols.Explain(Encoding.Latin1.GetBytes(sent));
}
