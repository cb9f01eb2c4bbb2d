using System.Net.Sockets;
using System.Runtime.Versioning;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Probes;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervision.Tests.Probes;

[SupportedOSPlatform("linux")]
public sealed class NotifySocketTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly FakeTimeProvider _time = new();
    private readonly NotifySocket _socket;

    public NotifySocketTests()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Notifications need Linux.");
        File.WriteAllText(Path, "left by an earlier instance");
        _socket = NotifySocket.Open(Path, _time);
    }

    private string Path => _directory["monitor-daemon-8768.notify"];

    public void Dispose()
    {
        _socket.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task Listen_MessagesOfAMember_AreSeenAlsoThoseBefore()
    {
        Send("STATUS=loading");
        Assert.Equal(new NotifySocket.Seen(false, null, null, _time.GetTimestamp(), null), _socket.Latest);

        _socket.Listen(pid => pid == Environment.ProcessId);
        await SeenAsync(seen => seen.Status == "loading");
        Send($"READY=1\nSTATUS=serving\nMAINPID={Environment.ProcessId}");
        await SeenAsync(seen => seen is { IsReady: true, Status: "serving" } && seen.MainPid == Environment.ProcessId);
        Assert.Null(_socket.Latest.Refused);
    }

    [Fact]
    public async Task Listen_MessageOfAnotherProcess_DoesNotCountAndIsNamed()
    {
        _socket.Listen(_ => false);
        Send("READY=1");

        await SeenAsync(seen => seen.Refused is not null);

        Assert.Equal($"a message of PID {Environment.ProcessId} did not count, because that process is not a living member of this instance", _socket.Latest.Refused);
        Assert.False(_socket.Latest.IsReady);

        // The members are asked for anew: the instance is known better after a while.
        _socket.Listen(_ => true);
        Send("READY=1");
        await SeenAsync(seen => seen.IsReady);
    }

    [Fact]
    public async Task SilentFor_Watchdog_BeginsAnew()
    {
        _socket.Listen(_ => true);
        _time.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(TimeSpan.FromSeconds(3), _socket.SilentFor);

        Send("STATUS=no sign of life\nWATCHDOG=0\nREADY=0");
        await SeenAsync(seen => seen.Status is not null);
        Assert.Equal(TimeSpan.FromSeconds(3), _socket.SilentFor);

        Send("WATCHDOG=1");
        await Wait.UntilAsync(() => _socket.SilentFor == TimeSpan.Zero, "the sign of life");
        Assert.False(_socket.Latest.IsReady);

        _time.Advance(TimeSpan.FromSeconds(1));
        Send("READY=1");
        await Wait.UntilAsync(() => _socket.SilentFor == TimeSpan.Zero, "the sign of life");
    }

    [Theory]
    [InlineData("STATUS=a\nSTATUS=b=c", "b=c", null)]
    [InlineData("\n\nSTATUS=a\n\n", "a", null)]
    [InlineData("STATUS=", null, null)]
    [InlineData("STATUS", null, null)]
    [InlineData("status=a\nOTHER=1\n=x\nMAINPID=-1\nMAINPID=0\nMAINPID=x", "before", null)]
    [InlineData("MAINPID=4711", "before", 4711)]
    [InlineData("STATUS=a\u001b[31m\u202E", "a\uFFFD[31m\uFFFD", null)]
    public void Read_Lines_AreTakenOneByOne(string message, string? status, int? main)
    {
        var seen = NotifySocket.Read(message, new NotifySocket.Seen(IsReady: false, Status: "before", MainPid: null, AliveAt: 5, Refused: "no"), now: 7);

        Assert.Equal(new NotifySocket.Seen(IsReady: false, status, main, AliveAt: 5, Refused: "no"), seen);
    }

    [Fact]
    public void Open_Socket_IsForThisUserOnlyAndGoesWithItsOwner()
    {
        using (NotifySocket.Open(_directory["other"], _time))
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_directory["other"]));
        }

        Assert.False(File.Exists(_directory["other"]));
    }

    [Fact]
    public void Open_PathThatIsTooLong_NamesTheLimit()
    {
        var longest = _directory["é" + new string('n', 107 - Encoding.UTF8.GetByteCount(_directory["é"]))];
        NotifySocket.Open(longest, _time).Dispose();

        var e = Assert.Throws<StartupFailedException>(() => NotifySocket.Open(longest + "n", _time));
        Assert.Equal(StartupReason.InvalidConfiguration, e.Reason);
        Assert.Equal($"Health:Kind Notify: the path of the socket {longest}n is longer than 107 bytes; a shorter state directory is needed", e.Message);
    }

    [Fact]
    public void Open_NoSuchDirectory_SaysWhy()
    {
        var e = Assert.Throws<StartupFailedException>(() => NotifySocket.Open(_directory["none/notify"], _time));

        Assert.Equal(StartupReason.PermissionDenied, e.Reason);
        Assert.StartsWith($"the socket {_directory["none/notify"]} cannot be made: ", e.Message, StringComparison.Ordinal);
    }

    private Task SeenAsync(Func<NotifySocket.Seen, bool> condition) => Wait.UntilAsync(() => condition(_socket.Latest), "the message");

    private void Send(string text)
    {
        using var sender = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        sender.SendTo(Encoding.UTF8.GetBytes(text), new UnixDomainSocketEndPoint(Path));
    }
}
