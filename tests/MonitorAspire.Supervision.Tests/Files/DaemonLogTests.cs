using System.Diagnostics;
using System.Globalization;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervision.Tests.Files;

public sealed class DaemonLogTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task RotateIfLarger_WhileADaemonWrites_KeepsEveryLineOnceAndInOrder()
    {
        // Like a daemon, the shell appends to a descriptor that it opened once.
        var path = _directory["log"];
        using var writer = Process.Start("sh", ["-c", $"exec >>{path}; i=0; while [ $i -lt 60000 ]; do echo $i; i=$((i+1)); done"]);
        while (!writer.HasExited)
        {
            DaemonLog.RotateIfLarger(path, 128 * 1024, 20);
            await Task.Delay(20);
        }

        var all = Enumerable.Range(1, 20).Reverse().Select(i => $"{path}.{i}").Append(path).Where(File.Exists).Select(File.ReadAllText).ToList();
        Assert.True(all.Count > 1, "nothing was rotated");
        var numbers = string.Concat(all).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => int.Parse(l, CultureInfo.InvariantCulture));
        Assert.Equal(Enumerable.Range(0, 60000), numbers);
    }

    [Fact]
    public void RotateIfLarger_ManyTimes_KeepsABoundedNumberOfFiles()
    {
        var path = _directory["log"];
        for (var i = 0; i < 10; i++)
        {
            File.AppendAllText(path, new string('x', 200_000) + "\n");
            Assert.True(DaemonLog.RotateIfLarger(path, 100_000, 3));
        }

        Assert.Equal(4, Directory.GetFiles(_directory.Path).Length);
    }

    [Fact]
    public void RotateIfLarger_SmallFile_IsNotChanged()
    {
        File.WriteAllText(_directory["log"], "little\n");
        Assert.False(DaemonLog.RotateIfLarger(_directory["log"], 100, 3));
        Assert.Single(Directory.GetFiles(_directory.Path));
    }

    [Fact]
    public void Tail_OfALargeLog_IsBoundedAndWithoutControlCharacters()
    {
        File.WriteAllText(_directory["log"], string.Concat(Enumerable.Repeat("noise\n", 100_000)) + "\u001b[31mred\u0007\nlast\r\n");
        Assert.Equal(["noise", "\uFFFD[31mred\uFFFD", "last"], DaemonLog.Tail(_directory["log"], 3));
    }

    [Fact]
    public void Tail_FromAnOffset_ContainsOneStartOnly()
    {
        File.WriteAllText(_directory["log"], "old\n");
        File.AppendAllText(_directory["log"], "new\n");
        Assert.Equal(["new"], DaemonLog.Tail(_directory["log"], 10, 4));
        Assert.Empty(DaemonLog.Tail(_directory["missing"], 10));
    }
}
