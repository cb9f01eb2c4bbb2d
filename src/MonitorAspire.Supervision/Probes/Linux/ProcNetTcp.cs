using System.Buffers.Text;
using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;

namespace MonitorAspire.Supervision.Probes.Linux;

/// <summary>Reads listening sockets from <c>/proc/net/tcp</c> and <c>tcp6</c>, which every Linux has, where <see cref="SockDiag"/> is not available.</summary>
internal static class ProcNetTcp
{
    /// <summary>The state of a listening socket, <c>TCP_LISTEN</c>.</summary>
    public const byte Listening = 0x0A;

    private const byte TimeWait = 0x06;

    // A headline, then one line for each socket, see https://www.kernel.org/doc/html/latest/networking/proc_net_tcp.html:
    //
    //   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
    //    0: 0100007F:2240 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 1525 1 00000000cbae4a8a 100 0 0 10 0
    //
    // tcp6 has longer addresses: 00000000000000000000000001000000:2240 is [::1]:8768. An address is printed as 32-bit words in the byte order
    // of the machine (so 127.0.0.1 is 0100007F on x86 and Arm), a port as a plain number. inode is 0 for a socket without a process: in
    // TIME_WAIT, or not accepted yet.

    /// <summary>The listening sockets in a file of either family, on one port or on all. Malformed lines are skipped.</summary>
    public static void Parse(ReadOnlySpan<byte> content, int? port, List<Listener> listeners)
    {
        foreach (var range in content.Split((byte)'\n'))
        {
            var fields = new Fields(content[range]);
            if (TryLocal(ref fields, Listening, out var local, out var localPort)
                && (port is null || port == localPort)
                && TryAddress(local[..local.IndexOf((byte)':')], out var address)
                && fields.TrySkip(3)
                && fields.TryNext(out var uidText)
                && Utf8Parser.TryParse(uidText, out uint _, out var consumed) && consumed == uidText.Length
                && fields.TrySkip(1)
                && fields.TryNext(out var inodeText)
                && Utf8Parser.TryParse(inodeText, out long inode, out consumed) && consumed == inodeText.Length && inode >= 0)
            {
                listeners.Add(new Listener(new IPEndPoint(address, localPort), inode));
            }
        }
    }

    /// <summary>How many connections of a port are in TIME_WAIT, and after how many ticks the last of them is gone.</summary>
    public static (int Count, long LongestTicks) FindTimeWait(ReadOnlySpan<byte> content, int port)
    {
        var (count, longest) = (0, 0L);
        foreach (var range in content.Split((byte)'\n'))
        {
            // tm->when is hexadecimal as well, and as long as it needs to be.
            var fields = new Fields(content[range]);
            if (TryLocal(ref fields, TimeWait, out _, out var localPort)
                && localPort == port
                && fields.TrySkip(1)
                && fields.TryNext(out var timer)
                && timer.IndexOf((byte)':') is > 0 and var colon
                && TryHex(timer[(colon + 1)..], timer.Length - colon - 1, out var ticks))
            {
                count++;
                longest = Math.Max(longest, ticks);
            }
        }

        return (count, longest);
    }

    /// <summary>Reads the fields up to the state. False for a socket in another state.</summary>
    private static bool TryLocal(ref Fields fields, uint wanted, out ReadOnlySpan<byte> local, out int port)
    {
        local = default;
        port = 0;
        return fields.TryNext(out _)
            && fields.TryNext(out local)
            && fields.TryNext(out _)
            && fields.TryNext(out var state)
            && TryHex(state, 2, out var code)
            && code == wanted
            && TryPort(local, out port);
    }

    private static bool TryPort(ReadOnlySpan<byte> endPoint, out int port)
    {
        var colon = endPoint.IndexOf((byte)':');
        port = 0;
        if (colon < 0 || !TryHex(endPoint[(colon + 1)..], 4, out var value))
        {
            return false;
        }

        port = (int)value;
        return true;
    }

    private static bool TryAddress(ReadOnlySpan<byte> text, out IPAddress address)
    {
        address = IPAddress.None;
        if (text.Length is not (8 or 32))
        {
            return false;
        }

        Span<byte> bytes = stackalloc byte[text.Length / 2];
        for (var i = 0; i < text.Length; i += 8)
        {
            if (!TryHex(text.Slice(i, 8), 8, out var word))
            {
                return false;
            }

            MemoryMarshal.Write(bytes[(i / 2)..], word); // in the byte order of the machine, as it was printed
        }

        address = new IPAddress(bytes);
        return true;
    }

    private static bool TryHex(ReadOnlySpan<byte> text, int digits, out uint value)
    {
        value = 0;
        return text.Length == digits && uint.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
    }

    /// <summary>Fields with any number of spaces between them.</summary>
    private ref struct Fields(ReadOnlySpan<byte> line)
    {
        private ReadOnlySpan<byte> _rest = line;

        public bool TryNext(out ReadOnlySpan<byte> field)
        {
            _rest = _rest.TrimStart((byte)' ');
            var end = _rest.IndexOf((byte)' ');
            field = end < 0 ? _rest : _rest[..end];
            _rest = _rest[field.Length..];
            return !field.IsEmpty;
        }

        public bool TrySkip(int count)
        {
            while (count > 0 && TryNext(out _))
            {
                count--;
            }

            return count == 0;
        }
    }
}
