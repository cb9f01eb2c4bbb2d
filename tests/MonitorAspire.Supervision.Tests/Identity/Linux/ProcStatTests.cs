using System.Globalization;
using System.Text;
using CsCheck;
using MonitorAspire.Supervision.Identity.Linux;

namespace MonitorAspire.Supervision.Tests.Identity.Linux;

/// <summary>The lines are recorded from a Linux 6.18 machine.</summary>
public class ProcStatTests
{
    [Fact]
    public void TryParse_OrdinaryProcess_GivesItsFields()
    {
        var stat = Parse("19269 (cat) R 19264 19264 8278 0 -1 4194304 102 0 0 0 0 0 0 0 20 0 1 0 189710 3133440 414 18446744073709551615 94405173215232 94405173235113 140726614036080 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0 94405173251120 94405173252736 94405811122176 140726614043109 140726614043129 140726614043129 140726614044651 0\n");

        Assert.Equal(new ProcStat(19269, "cat", 'R', 19264, 8278, 1, 189710), stat);
        Assert.False(stat.IsDead);
    }

    [Fact]
    public void TryParse_NameWithParenthesisSpaceAndLineFeed_FindsTheFieldsAfterIt()
    {
        var stat = Parse("28896 (a) R (b\n c) S 28851 28848 8278 0 -1 4194304 1928 0 0 0 2 1 0 0 20 0 1 0 314056 16965632 3351 18446744073709551615 94794283106304 94794283106645 140722496382656 0 0 0 0 16781312 2 1 0 0 17 0 0 0 0 0 0 94794283118000 94794283118616 94794630164480 140722496391067 140722496391212 140722496391212 140722496393167 0\n");

        Assert.Equal(new ProcStat(28896, "a) R (b\n c", 'S', 28851, 8278, 1, 314056), stat);
    }

    [Fact]
    public void TryParse_KernelThread_HasNoSession()
    {
        var stat = Parse("5 (kworker/R-sync_wq) I 2 0 0 0 -1 69238880 0 0 0 0 0 0 0 0 0 -20 1 0 25 0 0 18446744073709551615 0 0 0 0 0 0 0 2147483647 0 1 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n");

        Assert.Equal(new ProcStat(5, "kworker/R-sync_wq", 'I', 2, 0, 1, 25, IsKernelThread: true), stat);
    }

    [Fact]
    public void IsDead_Zombie_IsTrue() =>
        Assert.True(Parse("28897 (true) Z 28851 28848 8278 0 -1 4227084 49 0 1 0 0 0 0 0 20 0 1 0 314061 0 0 18446744073709551615 0 0 0 0 0 0 0 0 0 1 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n").IsDead);

    [Fact]
    public void IsDead_MainThreadEndedButAnotherRuns_IsFalse() =>
        Assert.False(Parse("28898 (python3) Z 28851 28848 8278 0 -1 4227084 1994 0 1 0 3 1 0 0 20 0 2 0 314092 0 0 18446744073709551615 0 0 0 0 0 0 0 16781312 2 0 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n").IsDead);

    [Theory]
    [InlineData("")]
    [InlineData("19269")]
    [InlineData("19269 (cat")]
    [InlineData("19269 (cat)")]
    [InlineData("19269 (cat) R 1 2 3")]
    [InlineData("0 (cat) R 1 2 3 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5 0")]
    [InlineData("-4 (cat) R 1 2 3 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5 0")]
    [InlineData("4 (cat) RR 1 2 3 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5 0")]
    [InlineData("4 (cat) R x 2 3 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5 0")]
    [InlineData("4 (cat) R 1 2 3 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 99999999999999999999 0")]
    public void TryParse_Malformed_ReturnsFalse(string line) => Assert.False(ProcStat.TryParse(Encoding.UTF8.GetBytes(line), out _));

    [Fact]
    public void TryParse_AnyBytes_NeverThrows() => Gen.Byte.Array.Sample(bytes => { _ = ProcStat.TryParse(bytes, out _); });

    [Fact]
    public void TryParse_SimilarText_NeverThrows() =>
        Gen.OneOf(" ", "(", ")", "1", "Z", "\n", "-").Array[0, 60].Sample(parts => { _ = ProcStat.TryParse(Encoding.UTF8.GetBytes(string.Concat(parts)), out _); });

    [Fact]
    public void TryParse_AnyNameAndNumbers_RoundTrips()
    {
        var name = Gen.OneOf(Gen.OneOf(" ", "(", ")", ") S 1 1 1", "\n", "é", "x"), Gen.String.AlphaNumeric).Array[0, 5].Select(string.Concat);
        Gen.Select(Gen.Int[1, 4_194_304], name, Gen.OneOf('R', 'S', 'D', 'Z', 'T', 't', 'X', 'I'), Gen.Int[0, 4_194_304], Gen.Int[-1, 4_194_304], Gen.Int[1, 5000], Gen.Long[0, (1L << 41) - 1])
            .Sample((pid, comm, state, parent, session, threads, ticks) =>
            {
                var line = string.Create(CultureInfo.InvariantCulture, $"{pid} ({comm}) {state} {parent} {session} {session} 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 {threads} 0 {ticks} 16965632 3351\n");
                Assert.Equal(new ProcStat(pid, comm, state, parent, session, threads, ticks), Parse(line));
            });
    }

    [Fact]
    public void TryParse_LineThatIsNotAtItsStart_ReturnsFalse()
    {
        Assert.False(ProcStat.TryParse(" (cat) R 1 2 3 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5 0"u8, out _));
        Assert.False(ProcStat.TryParse("4) (cat R 1 2 3 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5 0"u8, out _));
        Assert.False(ProcStat.TryParse("4 (cat)-R 1 2 3 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5 0"u8, out _));
    }

    [Theory]
    [InlineData("10 (a) b) S 1 1 1 0 -1 4194304 102 0 0 0 1 2 30 40 20 0 1 0 1 0", 73)]
    [InlineData("10 (cat) S 1 1 1 0 -1 4194304 102 0 0 0 1 2 30", null)]
    [InlineData("10 (cat) S 1 1", null)]
    [InlineData("10 (cat) S 1 1 1 0 -1 4194304 102 0 0 0 x 2 30 40", null)]
    [InlineData("", null)]
    public void TryParseCpuTicks_Line_GivesTheSum(string line, int? ticks) =>
        Assert.Equal((ticks is not null, ticks ?? 0L), (ProcStat.TryParseCpuTicks(Encoding.UTF8.GetBytes(line), out var sum), sum));

    private static ProcStat Parse(string line)
    {
        Assert.True(ProcStat.TryParse(Encoding.UTF8.GetBytes(line), out var stat));
        return stat;
    }
}
