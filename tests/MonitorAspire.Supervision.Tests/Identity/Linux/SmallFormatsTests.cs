using System.Text;
using CsCheck;
using MonitorAspire.Supervision.Identity.Linux;

namespace MonitorAspire.Supervision.Tests.Identity.Linux;

/// <summary>The formats of <c>/proc</c> that need few words: status, fdinfo, cmdline and environ.</summary>
public class SmallFormatsTests
{
    private const string Status = "Name:\ta) R (b\\n c\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t28896\nNgid:\t0\nPid:\t28896\nPPid:\t28851\nTracerPid:\t0\nUid:\t1000\t1001\t0\t0\nGid:\t0\t0\t0\t0\n";
    private const string HeldLock = "pos:\t0\nflags:\t02100002\nmnt_id:\t27\nino:\t11657844\nlock:\t1: FLOCK  ADVISORY  WRITE 28851 fe:00:11657844 0 EOF\n";

    [Fact]
    public void Status_RecordedFile_GivesThreadGroupAndRealUser()
    {
        Assert.True(ProcStatus.TryParse(Encoding.UTF8.GetBytes(Status), out var status));
        Assert.Equal(new ProcStatus(28896, 1000), status);
    }

    [Fact]
    public void Status_NameThatLooksLikeAField_IsNotTakenForOne()
    {
        // The kernel escapes the line feed, so "Tgid" of the name is not at the start of a line.
        var text = Status.Replace("a) R (b\\n c", "\\nTgid:\t1", StringComparison.Ordinal);
        Assert.True(ProcStatus.TryParse(Encoding.UTF8.GetBytes(text), out var status));
        Assert.Equal(28896, status.ThreadGroup);
    }

    [Fact]
    public void Status_AnyBytes_NeverThrows() => Gen.Byte.Array.Sample(bytes => { _ = ProcStatus.TryParse(bytes, out _); });

    [Fact]
    public void FdInfo_ExclusiveFlock_IsHeld() => Assert.True(ProcFdInfo.HoldsExclusiveFlock(Encoding.UTF8.GetBytes(HeldLock)));

    [Theory]
    [InlineData("pos:\t0\nflags:\t02100002\nmnt_id:\t27\nino:\t11657844\n")]
    [InlineData("pos:\t0\nlock:\t1: FLOCK  ADVISORY  READ 28851 fe:00:11657844 0 EOF\n")]
    [InlineData("pos:\t0\nlock:\t1: POSIX  ADVISORY  WRITE 28851 fe:00:11657844 0 EOF\n")]
    [InlineData("lock:\n FLOCK  ADVISORY  WRITE 1\n")]
    [InlineData("")]
    public void FdInfo_AnythingElse_IsNotHeld(string content) => Assert.False(ProcFdInfo.HoldsExclusiveFlock(Encoding.UTF8.GetBytes(content)));

    [Fact]
    public void FdInfo_AnyBytes_NeverThrows() => Gen.Byte.Array.Sample(bytes => { _ = ProcFdInfo.HoldsExclusiveFlock(bytes); });

    [Fact]
    public void NullSeparated_Arguments_RoundTrip() =>
        Gen.String.Where(text => !text.Contains('\0', StringComparison.Ordinal) && IsUnicode(text)).Array[0, 6].Sample(arguments =>
        {
            var content = Encoding.UTF8.GetBytes(string.Concat(arguments.Select(argument => argument + "\0")));
            Assert.Equal(arguments, NullSeparated.Parse(content));
        });

    [Fact]
    public void NullSeparated_LastNullMissing_StillGivesTheLastArgument() =>
        Assert.Equal(["nginx: worker"], NullSeparated.Parse("nginx: worker"u8));

    [Theory]
    [InlineData("A=1", true)]
    [InlineData("B=", true)]
    [InlineData("A=", false)]
    [InlineData("A=12", false)]
    [InlineData("XA=1", false)]
    [InlineData("1", false)]
    public void NullSeparated_Contains_ComparesWholeEntries(string wanted, bool expected) =>
        Assert.Equal(expected, NullSeparated.Contains("PATH=/bin\0A=1\0B=\0XXA=1\0"u8, Encoding.UTF8.GetBytes(wanted)));

    private static bool IsUnicode(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)) == text;
}
