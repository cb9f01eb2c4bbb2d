using System.Globalization;
using System.Net;
using System.Text;
using CsCheck;
using MonitorAspire.Supervision.Probes;
using MonitorAspire.Supervision.Probes.Linux;

namespace MonitorAspire.Supervision.Tests.Probes.Linux;

public class ProcNetTcpTests
{
    // Recorded from a Linux 6.18 machine: listeners on 127.0.0.1:8768 and 0.0.0.0:2024, a connection to 8768 that is not
    // accepted yet (inode 0), the clients of that and of another connection, and two in TIME_WAIT.
    internal const string Tcp = """
          sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode                                                     
           0: 0100007F:2240 00000000:0000 0A 00000000:00000001 00:00000000 00000000     0        0 177631 2 000000006b9a6381 100 0 0 10 0                    
           1: 00000000:07E8 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 1525 1 00000000cbae4a8a 100 0 0 10 0                      
           2: 0100007F:2240 0100007F:D766 01 00000000:00000000 00:00000000 00000000     0        0 0 1 00000000bbd24eff 20 0 0 10 -1                         
           3: 0100007F:9542 0100007F:2241 01 00000000:00000000 00:00000000 00000000     0        0 177637 2 000000009e973718 20 0 0 10 -1                    
           4: 0100007F:D766 0100007F:2240 01 00000000:00000000 00:00000000 00000000     0        0 177636 2 0000000007675b99 20 0 0 10 -1                    
           5: 020200C0:B8D0 507100CB:0050 06 00000000:00000000 03:00000FFA 00000000     0        0 0 3 000000009ddcfe32                                      

        """;

    // The same moment: [::1]:8768, a dual-stack socket bound to ::ffff:127.0.0.1:8770, a dual-stack [::]:8769 with an accepted
    // connection over IPv4.
    internal const string Tcp6 = """
          sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
           0: 00000000000000000000000001000000:2240 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 177632 1 00000000da40de72 100 0 0 10 0
           1: 0000000000000000FFFF00000100007F:2242 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 177635 1 0000000054262f0f 100 0 0 10 0
           2: 00000000000000000000000000000000:2241 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 177634 1 000000006b9f472b 100 0 0 10 0
           3: 0000000000000000FFFF00000100007F:2241 0000000000000000FFFF00000100007F:9542 01 00000000:00000000 00:00000000 00000000     0        0 177638 1 0000000047d5f15c 20 0 0 10 -1

        """;

    [Fact]
    public void Parse_RecordedTcp_GivesOnlyListeners() => Assert.Equal(
        [new Listener(IPEndPoint.Parse("127.0.0.1:8768"), 177631), new Listener(IPEndPoint.Parse("0.0.0.0:2024"), 1525)],
        Parse(Tcp, null));

    [Fact]
    public void Parse_RecordedTcp6_GivesOnlyListeners() => Assert.Equal(
        [
            new Listener(IPEndPoint.Parse("[::1]:8768"), 177632),
            new Listener(IPEndPoint.Parse("[::ffff:127.0.0.1]:8770"), 177635),
            new Listener(IPEndPoint.Parse("[::]:8769"), 177634),
        ],
        Parse(Tcp6, null));

    [Fact]
    public void FindTimeWait_RecordedTcp_GivesCountAndRemainingTicks()
    {
        Assert.Equal((1, 0xFFA), ProcNetTcp.FindTimeWait(Encoding.ASCII.GetBytes(Tcp), 0xB8D0));
        Assert.Equal((0, 0), ProcNetTcp.FindTimeWait(Encoding.ASCII.GetBytes(Tcp), 8768));
    }

    [Fact]
    public void Parse_OnePort_LeavesTheOthersOut() => Assert.Equal([177631], Parse(Tcp, 8768).Select(listener => listener.Inode));

    [Theory]
    [InlineData("   0: 0100007F:2240 00000000:0000 0A 00000000:00000001 00:00000000 00000000     0        0")]
    [InlineData("   0: 0100007F 00000000:0000 0A 00000000:00000001 00:00000000 00000000     0        0 1 2 3")]
    [InlineData("   0: 01007F:2240 00000000:0000 0A 00000000:00000001 00:00000000 00000000     0        0 1 2 3")]
    [InlineData("   0: 0100007G:2240 00000000:0000 0A 00000000:00000001 00:00000000 00000000     0        0 1 2 3")]
    [InlineData("   0: 0100007F:22400 00000000:0000 0A 00000000:00000001 00:00000000 00000000     0        0 1 2 3")]
    [InlineData("   0: 0100007F:2240 00000000:0000 0A 00000000:00000001 00:00000000 00000000    -1        0 1 2 3")]
    public void Parse_MalformedLine_IsSkipped(string line) =>
        Assert.Equal(2, Parse(Tcp + line + "\n", null).Count);

    [Fact]
    public void Parse_AnyBytes_NeverThrows() => Gen.Byte.Array.Sample(bytes => ProcNetTcp.Parse(bytes, null, []));

    [Fact]
    public void Parse_SimilarText_NeverThrows() =>
        Gen.OneOf(" ", ":", "0A", "0100007F", "2240", "\n", "0", "00000000:0000", "FFFFFFFFFFFF", "-1").Array[0, 60]
            .Sample(parts => ProcNetTcp.Parse(Encoding.UTF8.GetBytes(string.Concat(parts)), null, []));

    [Fact]
    public void Parse_AnyAddress_RoundTrips() =>
        Gen.Select(Gen.OneOf(Gen.Byte.Array[4], Gen.Byte.Array[16]), Gen.Int[0, 65535], Gen.Long[0, long.MaxValue])
            .Sample((bytes, port, inode) =>
            {
                var expected = new Listener(new IPEndPoint(new IPAddress(bytes), port), inode);
                Assert.Equal([expected], Parse(Row(expected, "0A"), null));
                Assert.Empty(Parse(Row(expected, "01"), null));
            });

    // Like the kernel: each 32-bit word of the address in the byte order of the machine.
    internal static string Row(Listener listener, string state)
    {
        var bytes = listener.EndPoint.Address.GetAddressBytes();
        var address = string.Concat(Enumerable.Range(0, bytes.Length / 4).Select(i => BitConverter.ToUInt32(bytes, i * 4).ToString("X8", CultureInfo.InvariantCulture)));
        return string.Create(CultureInfo.InvariantCulture, $"   0: {address}:{listener.EndPoint.Port:X4} {new string('0', address.Length)}:0000 {state} 00000000:00000000 00:00000000 00000000 {1000,5}        0 {listener.Inode} 1 0000000000000000 100 0 0 10 0\n");
    }

    private static List<Listener> Parse(string content, int? port)
    {
        var listeners = new List<Listener>();
        ProcNetTcp.Parse(Encoding.UTF8.GetBytes(content), port, listeners);
        return listeners;
    }
}
