using MonitorAspire.Supervision.Identity;

namespace MonitorAspire.Supervision.Tests.Identity;

public sealed class ProcessEnvironmentTests : IDisposable
{
    private readonly RecordedProc _proc = new();

    public void Dispose() => _proc.Dispose();

    [Theory]
    [InlineData("A=1\0ID=8768-x\0B=2\0", "8768-x")]
    [InlineData("ID=8768-x", "8768-x")] // cut off, as a program may leave it that rewrites its title
    [InlineData("ID=\0", "")]
    [InlineData("ID=a=b\0", "a=b")]
    [InlineData("MY_ID=1\0ID2=1\0id=1\0ID\0", null)]
    [InlineData("\0\0ID=1\0", "1")]
    [InlineData("ID=1\0ID=2\0", "1")]
    public void Get_Environment_GivesTheValueOfExactlyThisVariable(string environment, string? value)
    {
        var table = _proc.Add(10, 1).Write("10/environ", environment).Table();

        Assert.True(ProcessEnvironment.TryGet(table, 10, "ID", out var found));
        Assert.Equal((value, value), (found, ProcessEnvironment.Get(table, 10, "ID")));
    }

    [Fact]
    public void TryGet_EmptyOrNotReadable_IsFalse()
    {
        var table = _proc.Add(10, 1).Write("10/environ", "").Add(11, 1).Table();

        Assert.False(ProcessEnvironment.TryGet(table, 10, "ID", out _)); // a zombie
        Assert.False(ProcessEnvironment.TryGet(table, 11, "ID", out _)); // another user's process
        Assert.False(ProcessEnvironment.TryGet(new PortableProcesses(), Environment.ProcessId, "PATH", out _)); // no /proc
        Assert.Null(ProcessEnvironment.Get(table, 11, "ID"));
    }
}
