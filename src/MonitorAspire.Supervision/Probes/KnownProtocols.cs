namespace MonitorAspire.Supervision.Probes;

/// <summary>Names the protocol of a server by the first bytes that it sends after a request over HTTP.</summary>
internal static class KnownProtocols
{
    /// <summary>The protocol and the check that fits, or <see langword="null"/> for HTTP and for bytes that are not known.</summary>
    internal static string? Explain(ReadOnlySpan<byte> bytes)
    {
        // RFC 8446, 5.1: content type alert (21), protocol version 3.x, length. A TLS server refuses a request over HTTP with it.
        if (bytes is [21, 3, _, 0, 2, ..])
        {
            return Tls;
        }

        // RFC 9113, 4.1 and 6.5: length, type SETTINGS (4), flags 0 or ACK, stream 0. A server of HTTP/2 sends it first.
        if (bytes is [0, 0, _, 4, 0 or 1, 0, 0, 0, 0, ..])
        {
            return "it speaks HTTP/2 only, without TLS; the kinds Tcp and Command fit (--health tcp or --health-command; in a configuration Health:Kind)";
        }

        // MySQL, protocol handshake V10: length, sequence 0, version 10.
        var name = bytes.StartsWith("SSH-"u8) ? "SSH"
            : bytes.StartsWith("+PONG"u8) || bytes.StartsWith("-ERR "u8) || bytes.StartsWith("-NOAUTH"u8) || bytes.StartsWith("-DENIED"u8) ? "the protocol of Redis"
            : bytes.StartsWith("220 "u8) || bytes.StartsWith("220-"u8) ? "SMTP or FTP"
            : bytes.StartsWith("+OK "u8) ? "POP3"
            : bytes.StartsWith("* OK "u8) ? "IMAP"
            : bytes.StartsWith("RFB 0"u8) ? "VNC"
            : bytes.StartsWith("AMQP"u8) ? "AMQP"
            : bytes.StartsWith("INFO {"u8) ? "the protocol of NATS"
            : bytes.StartsWith("ERROR\r\n"u8) ? "the protocol of memcached"
            : bytes is [_, _, 0, 0, 10, ..] ? "the protocol of MySQL"
            : null;
        return name is null ? null : $"it speaks {name} and not HTTP; the kinds Tcp and Command fit (--health tcp or --health-command; in a configuration Health:Kind)";
    }

    internal const string Tls = "it speaks TLS; the kind Https fits (--health https; in a configuration Health:Kind)";

    internal const string NotHttp = "it does not seem to speak HTTP; the kinds Tcp and Command fit other servers (--health tcp or --health-command; in a configuration Health:Kind)";

    internal const string NoTls = "it does not speak TLS; the kind Http fits a server without it (--health http; in a configuration Health:Kind)";
}
