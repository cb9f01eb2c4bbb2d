using System.Text;
using CsCheck;
using MonitorAspire.Supervision.Identity.Linux;

namespace MonitorAspire.Supervision.Tests.Identity.Linux;

/// <summary>The formats of <c>/proc/PID/status</c> and <c>/proc/PID/fdinfo/N</c>.</summary>
public class SmallFormatsTests
{
    private const string Status = "Name:\ta) R (b\\n c\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t28896\nNgid:\t0\nPid:\t28896\nPPid:\t28851\nTracerPid:\t0\nUid:\t1000\t1001\t0\t0\nGid:\t0\t0\t0\t0\n";
    private const string HeldLock = "pos:\t4711\nflags:\t02100002\nmnt_id:\t27\nino:\t11657844\nlock:\t1: FLOCK  ADVISORY  WRITE 28851 fe:00:11657844 0 EOF\n";

    [Fact]
    public void Status_RecordedFile_GivesTheThreadGroup() => Assert.Equal(28896, SmallFormats.ThreadGroup(Encoding.UTF8.GetBytes(Status)));

    [Fact]
    public void Status_NameThatLooksLikeAField_IsIgnored()
    {
        // The kernel escapes the line feed, so "Tgid" in the name is not at the start of a line.
        var text = Status.Replace("a) R (b\\n c", "\\nTgid:\t1", StringComparison.Ordinal);
        Assert.Equal(28896, SmallFormats.ThreadGroup(Encoding.UTF8.GetBytes(text)));
    }

    [Fact]
    public void Status_ThreadGroupThatIsNoPid_IsNone() => Assert.Null(SmallFormats.ThreadGroup("Name:\tcat\nTgid:\t-1\n"u8));

    [Fact]
    public void FdInfo_NegativePosition_IsNone()
    {
        Assert.True(SmallFormats.TryFlock("pos:\t-1\nlock:\t1: FLOCK  ADVISORY  WRITE 1 fe:00:1 0 EOF\n"u8, out _, out var position));
        Assert.Equal(0, position);
    }

    [Fact]
    public void Status_AnyBytes_NeverThrows() => Gen.Byte.Array.Sample(bytes => { _ = (SmallFormats.ThreadGroup(bytes), SmallFormats.InnermostPid(bytes)); });

    [Fact]
    public void FdInfo_ExclusiveFlock_IsHeldWithItsPosition()
    {
        Assert.True(SmallFormats.TryFlock(Encoding.UTF8.GetBytes(HeldLock), out var isShared, out var position));
        Assert.Equal((false, 4711), (isShared, position));
    }

    [Fact]
    public void FdInfo_SharedFlock_IsShared()
    {
        Assert.True(SmallFormats.TryFlock("pos:\t0\nlock:\t1: FLOCK  ADVISORY  READ 28851 fe:00:11657844 0 EOF\n"u8, out var isShared, out _));
        Assert.True(isShared);
    }

    [Theory]
    [InlineData("Pid:\t19269\nNSpid:\t19269\t7\t1\nNSpgid:\t19269\t7\t1\n", 1)]
    [InlineData("Pid:\t19269\nNSpid:\t19269\n", 19269)]
    [InlineData("Pid:\t19269\nNSpid:\t", null)]
    [InlineData("Pid:\t19269\n", null)]
    [InlineData("Pid:\t19269\nNSpid:\t19269\t0\n", null)]
    public void Status_PidNamespaces_GiveTheInnermostPid(string content, int? pid) => Assert.Equal(pid, SmallFormats.InnermostPid(Encoding.UTF8.GetBytes(content)));

    [Theory]
    [InlineData("pos:\t0\nflags:\t02100002\nmnt_id:\t27\nino:\t11657844\n")]
    [InlineData("pos:\t0\nlock:\t1: POSIX  ADVISORY  WRITE 28851 fe:00:11657844 0 EOF\n")]
    [InlineData("lock:\n FLOCK  ADVISORY  WRITE 1\n")]
    [InlineData("")]
    public void FdInfo_AnythingElse_IsNotHeld(string content) => Assert.False(SmallFormats.TryFlock(Encoding.UTF8.GetBytes(content), out _, out _));

    [Fact]
    public void Locks_RecordedFile_GivesWhoTookTheFlockOfAnInode()
    {
        const string Locks = """
            1: POSIX  ADVISORY  WRITE 10 fe:00:131 0 EOF
            2: FLOCK  ADVISORY  WRITE 11 fe:00:131 0 EOF
            2: -> FLOCK  ADVISORY  WRITE 12 fe:00:131 0 EOF
            3: FLOCK  ADVISORY  READ  13 fe:00:131 0 EOF
            4: FLOCK  ADVISORY  WRITE 14 fe:00:1311 0 EOF
            5: FLOCK  ADVISORY  WRITE -1 fe:00:131 0 EOF
            5: FLOCK  ADVISORY  WRITE 0 fe:00:131 0 EOF
            6: FLOCK  ADVISORY  WRITE
            """;

        Assert.Equal([11, 12], SmallFormats.LockTakers(Encoding.UTF8.GetBytes(Locks), inode: 131));
        Assert.Empty(SmallFormats.LockTakers([], inode: 131));
    }

    [Fact]
    public void Locks_AnyBytes_NeverThrows() => Gen.Byte.Array.Sample(bytes => { _ = SmallFormats.LockTakers(bytes, inode: 0); });

    [Fact]
    public void FdInfo_AnyBytes_NeverThrows() => Gen.Byte.Array.Sample(bytes => { _ = SmallFormats.TryFlock(bytes, out _, out _); });
}
