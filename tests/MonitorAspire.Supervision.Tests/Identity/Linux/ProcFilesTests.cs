using System.Buffers;
using System.Text;
using MonitorAspire.Supervision.Identity.Linux;
using MonitorAspire.Supervision.Interop;

namespace MonitorAspire.Supervision.Tests.Identity.Linux;

/// <summary>Files of <c>/proc</c>, of the kernel and recorded.</summary>
public sealed class ProcFilesTests : IDisposable
{
    private readonly RecordedProc _proc = new();

    public ProcFilesTests() => Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux has /proc.");

    private ProcFiles Files => new(_proc.Root);

    public void Dispose() => _proc.Dispose();

    [Fact]
    public void IsReal_DirectoryOfTheKernel_IsTrue() => Assert.Equal((true, false), (new ProcFiles("/proc").IsReal, Files.IsReal));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Read_FileOfAnyLength_IsWhole(bool isOneRecord)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        foreach (var length in (int[])[10_000, 0, 511, 512, 513])
        {
            _proc.Write("file", new string('x', length));
            Assert.Equal(ProcAccess.Ok, Files.Read("file", buffer, isOneRecord));
            Assert.Equal(length, buffer.WrittenCount);
        }

        Assert.Equal(ProcAccess.Missing, Files.Read("none", buffer, isOneRecord));
        Assert.Equal(ProcAccess.Missing, Files.Read("file/below", buffer, isOneRecord));
        Assert.Equal(ProcAccess.Unreadable, Files.Read("net", buffer, isOneRecord)); // a directory
    }

    // The kernel gives at most one page of it with each read, and fewer bytes where the next line does not fit.
    [Fact]
    public void Read_FileThatComesInParts_IsWhole()
    {
        var buffer = new ArrayBufferWriter<byte>(65536);

        Assert.Equal(ProcAccess.Ok, new ProcFiles("/proc").Read("self/maps", buffer));

        Assert.True(buffer.WrittenCount > 4096);
        Assert.EndsWith(File.ReadLines("/proc/self/maps").Last() + "\n", Encoding.UTF8.GetString(buffer.WrittenSpan), StringComparison.Ordinal);
    }

    [Fact]
    public void ReadLink_Target_IsCutToTheBuffer()
    {
        _proc.Link("link", "/target").Write("file", "");
        Span<byte> target = stackalloc byte[4];

        Assert.Equal((ProcAccess.Ok, 4), (Files.ReadLink("link", target, out var length), length));
        Assert.Equal("/tar", Encoding.UTF8.GetString(target));
        Assert.Equal((ProcAccess.Missing, 0), (Files.ReadLink("none", target, out length), length));
        Assert.Equal((ProcAccess.Unreadable, 0), (Files.ReadLink("file", target, out length), length)); // no link
        Assert.Equal(("/target", null), (Files.ReadLink("link"), Files.ReadLink("none")));
    }

    [Fact]
    public void Stat_FileThatWasDeleted_IsKnownByItsDescriptor()
    {
        var path = Path.Combine(_proc.Root, "file");
        using var open = File.Open(path, FileMode.Create);
        var descriptor = $"/proc/self/fd/{open.SafeFileHandle.DangerousGetHandle()}";
        Assert.Equal(ProcAccess.Ok, ProcFiles.Stat(path, out var identity, out var deleted));
        Assert.False(deleted);

        File.Delete(path);

        Assert.Equal((ProcAccess.Ok, identity, true), (ProcFiles.Stat(descriptor, out var again, out deleted), again, deleted));
        Assert.Equal((ProcAccess.Missing, default, false), (ProcFiles.Stat(path, out again, out deleted), again, deleted));
    }

    [Fact]
    public void ListNumbers_Directory_GivesTheNamesThatAreNumbers()
    {
        _proc.Write("d/12", "").Write("d/3", "").Write("d/x", "").Write("d/4x", "").Write("d/5.", "").Write("7/stat", "");
        var numbers = new List<int> { 99 };

        Assert.Equal(ProcAccess.Ok, Files.ListNumbers("d", numbers));
        Assert.Equal([3, 12], numbers.Order());
        Assert.Equal(ProcAccess.Ok, Files.ListNumbers("", numbers));
        Assert.Equal([7], numbers);
        Assert.Equal(ProcAccess.Missing, Files.ListNumbers("none", numbers));
        Assert.Empty(numbers);
    }

    [Fact]
    public void ListDescriptors_MainThreadEnded_AreThoseOfAnotherThread()
    {
        _proc.Add(10, 1).Link("10/fd/3", "a").Link("10/task/11/fd/4", "a");
        _proc.Add(20, 1).Link("20/task/20/fd/5", "a").Link("20/task/21/fd/6", "a").Link("20/task/22/fd/6", "a");
        _proc.Add(30, 1);
        var descriptors = new List<int>();

        Assert.Equal((ProcAccess.Ok, "10"), (Files.ListDescriptors(10, descriptors, out var directory), directory));
        Assert.Equal([3], descriptors);
        Assert.Equal(ProcAccess.Ok, Files.ListDescriptors(20, descriptors, out directory));
        Assert.Equal([6], descriptors);
        Assert.Contains(directory, (string[])["20/task/21", "20/task/22"]);
        Assert.Equal((false, false), (Files.HasOneThread(20), Files.HasOneThread(30)));
        Assert.Equal(ProcAccess.Ok, Files.ListDescriptors(30, descriptors, out _));
        Assert.Empty(descriptors);
        Assert.Equal(ProcAccess.Missing, Files.ListDescriptors(40, descriptors, out _));
    }

    [Fact]
    public void ListDescriptors_SeveralThreads_AreThoseOfTheFirstThatHasSome()
    {
        _proc.Add(20, 1);
        foreach (var thread in (int[])[20, 21, 22, 23, 24])
        {
            Directory.CreateDirectory(Path.Combine(_proc.Root, $"20/task/{thread}/fd"));
        }

        var threads = new List<int>();
        Assert.Equal(ProcAccess.Ok, Files.ListNumbers("20/task", threads));
        threads.Remove(20);
        var descriptors = new List<int>();

        _proc.Link("20/task/20/fd/9", "a"); // the main thread, whose descriptors are not shown any more
        Assert.Equal(ProcAccess.Ok, Files.ListDescriptors(20, descriptors, out _));
        Assert.Empty(descriptors);
        _proc.Link($"20/task/{threads[^1]}/fd/3", "a");
        Assert.Equal((ProcAccess.Ok, $"20/task/{threads[^1]}"), (Files.ListDescriptors(20, descriptors, out var directory), directory));
        Assert.Equal([3], descriptors);
        _proc.Link($"20/task/{threads[0]}/fd/4", "a");
        Assert.Equal((ProcAccess.Ok, $"20/task/{threads[0]}"), (Files.ListDescriptors(20, descriptors, out directory), directory));
        Assert.Equal([4], descriptors);
    }

    // A link to itself cannot be read, also by root.
    [Fact]
    public void ListDescriptors_CannotBeRead_SaysSo()
    {
        _proc.Add(30, 1).Write("30/task/30/fd/x", "").Write("30/task/31/stat", "");
        var descriptors = new List<int>();
        Assert.Equal(ProcAccess.Ok, Files.ListDescriptors(30, descriptors, out _)); // the other thread has just ended
        _proc.Link("30/task/31/fd", "fd");
        Assert.Equal(ProcAccess.Unreadable, Files.ListDescriptors(30, descriptors, out _));
        _proc.Link("40/fd", "fd").Write("40/task/40/stat", "");
        Assert.Equal((ProcAccess.Unreadable, "40"), (Files.ListDescriptors(40, descriptors, out var directory), directory));
    }

    [Fact]
    public void ForEachLink_Directory_GivesNumbersAndTargetsUntilItIsEnough()
    {
        _proc.Link("d/3", "a").Link("d/12", new string('b', 100)).Link("d/x", "c").Link("d/4x", "d").Write("d/5", "no link");
        var seen = new Dictionary<int, string>();

        Assert.Equal(3, Files.ForEachLink("d", (number, target) => seen.TryAdd(number, Encoding.UTF8.GetString(target))));
        Assert.Equal([(3, "a"), (12, new string('b', 64))], seen.OrderBy(s => s.Key).Select(s => (s.Key, s.Value)));

        seen.Clear();
        Assert.InRange(Files.ForEachLink("d", (number, _) => !seen.TryAdd(number, "")), 1, 2);
        Assert.Single(seen);
        Assert.Equal(0, Files.ForEachLink("none", (_, _) => throw new InvalidOperationException()));
    }

    [Fact]
    public void ForEachFile_Directory_GivesNumbersAndTheFilesThatTheyLeadTo()
    {
        var file = Path.Combine(_proc.Root, "file");
        _proc.Write("file", "").Link("d/3", file).Link("d/12", "/nowhere").Link("d/x", file).Link("d/4x", file);
        var seen = new List<(int, FileIdentity, bool)>();

        Assert.Equal(2, Files.ForEachFile("d", (number, identity, deleted) => seen.Add((number, identity, deleted))));
        Assert.Equal([(3, FileIdentity.Of(file)!.Value, false)], seen);
        Assert.Equal(0, Files.ForEachFile("none", (_, _, _) => throw new InvalidOperationException()));
    }

    // A supervisor looks at the processes each second.
    [Fact]
    public void Looks_Thousands_LeaveNoDescriptorOpen()
    {
        _proc.Link("10/fd/3", "a").Write("file", "x");
        var (buffer, numbers, before) = (new ArrayBufferWriter<byte>(512), new List<int>(), Open());

        for (var i = 0; i < 2000; i++)
        {
            _ = Files.Read("file", buffer);
            _ = Files.ListNumbers("10/fd", numbers);
            _ = Files.ForEachLink("10/fd", (_, _) => true);
            _ = Files.ForEachFile("10/fd", (_, _, _) => { });
        }

        // Other tests have files open too.
        Assert.InRange(Open(), 0, before + 1000);

        static int Open() => Directory.GetFileSystemEntries("/proc/self/fd").Length;
    }
}
