using MonitorAspire.Supervisor.Web;

namespace MonitorAspire.Supervisor.Tests.Web;

public class OpenStreamsTests
{
    [Fact]
    public void TryOpen_HalfOpenWithoutToken_IsRefusedAndTheTokenStillOpens()
    {
        using var streams = new OpenStreams(4);
        using var first = streams.TryOpen(hasToken: false, default);
        using var second = streams.TryOpen(hasToken: false, default);

        Assert.Null(streams.TryOpen(hasToken: false, default));
        using var third = streams.TryOpen(hasToken: true, default);
        using var fourth = streams.TryOpen(hasToken: true, default);
        Assert.All([first, second, third, fourth], Assert.NotNull);
        Assert.Null(streams.TryOpen(hasToken: true, default));
    }

    [Fact]
    public void TryOpen_AfterAClose_IsOpened()
    {
        using var streams = new OpenStreams(2);
        streams.TryOpen(hasToken: false, default)!.Dispose();

        using var next = streams.TryOpen(hasToken: false, default);

        Assert.NotNull(next);
    }

    [Fact]
    public async Task End_OpenAndLaterStreams_AreEnded()
    {
        using var streams = new OpenStreams(2);
        using var open = streams.TryOpen(hasToken: true, default);

        await streams.EndAsync();

        using var later = streams.TryOpen(hasToken: true, default);
        Assert.True(open!.Ended.IsCancellationRequested);
        Assert.True(later!.Ended.IsCancellationRequested);
    }
}
