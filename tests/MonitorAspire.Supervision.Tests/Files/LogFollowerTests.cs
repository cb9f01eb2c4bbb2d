using System.Diagnostics;
using System.Globalization;
using System.Text;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervision.Tests.Files;

public sealed class LogFollowerTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private int _written;
    private bool _compress;

    private string Log => _directory["log"];

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("", 5, "")]
    [InlineData("a\nb\nc\n", 0, "")]
    [InlineData("a\nb\nc\n", 2, "b\nc\n")]
    [InlineData("a\nb\nc", 2, "b\nc")]
    [InlineData("\n\n\n", 1, "\n")]
    [InlineData("a\nb\nc\n", 9, "a\nb\nc\n")]
    public async Task CopyTail_OneFile_GivesTheLastLines(string content, int lines, string expected)
    {
        await File.WriteAllTextAsync(Log, content);
        Assert.Equal(expected, await TailAsync(lines));
    }

    [Theory]
    [InlineData("new\n", 2, "old-2\nnew\n")]
    [InlineData("new\n", 1, "new\n")]
    [InlineData("", 1, "old-2\n")]
    [InlineData("new\n", 9, "old-1\nold-2\nnew\n")]
    public async Task CopyTail_LogIsShorter_TakesTheRestFromTheRotatedFile(string content, int lines, string expected)
    {
        await File.WriteAllTextAsync(Log + ".1", "old-1\nold-2\n");
        await File.WriteAllTextAsync(Log, content);
        Assert.Equal(expected, await TailAsync(lines));
    }

    [Fact]
    public async Task CopyTail_SeveralRotatedFiles_TakesTheRestFromTheNewest()
    {
        await File.WriteAllTextAsync(Log + ".2", "older\n");
        await File.WriteAllTextAsync(Log + ".1", "old\n");
        await File.WriteAllTextAsync(Log, "new\n");

        Assert.Equal("old\nnew\n", await TailAsync(2));
    }

    [Fact]
    public async Task CopyTail_OneEndlessLine_GivesABoundedPart()
    {
        await using (var file = File.Create(Log))
        {
            file.SetLength(1_500_000_000);
        }

        using var follower = new LogFollower(Log);
        using var output = new MemoryStream();
        await follower.CopyTailAsync(3, output, default);
        Assert.Equal(3 * LineStream.MaximumLineLength, output.Length);
    }

    [Fact]
    public async Task CopyTail_SymbolicLink_IsRefused()
    {
        await File.WriteAllTextAsync(_directory["secret"], "secret\n");
        File.CreateSymbolicLink(Log, _directory["secret"]);
        await AssertRefusedAsync("symbolic link");
    }

    [Fact]
    public async Task CopyTail_Fifo_IsRefusedAndDoesNotHang()
    {
        using (var make = Process.Start("mkfifo", [Log]))
        {
            await make.WaitForExitAsync();
        }

        await AssertRefusedAsync("not a regular file");
    }

    [Fact]
    public async Task CopyTail_Directory_IsRefused()
    {
        Directory.CreateDirectory(Log);
        await AssertRefusedAsync("not a regular file");
    }

    [Fact]
    public async Task CopyNew_LogReplacedByAFifo_GivesNothingAndDoesNotHang()
    {
        Write(1);
        using var reading = await ReadAsync();
        File.Delete(Log);
        using (var make = Process.Start("mkfifo", [Log]))
        {
            await make.WaitForExitAsync();
        }

        await reading.AssertAllAsync(_written);
        File.Delete(Log);
        Write(2);
        await reading.AssertAllAsync(_written);
    }

    [Fact]
    public async Task CopyNew_NoFileAtFirst_GivesItFromItsBeginning()
    {
        using var reading = await ReadAsync();
        Write(3);
        await reading.AssertAllAsync(_written);
    }

    [Fact]
    public async Task CopyNew_LogIsTruncatedAndWrittenFartherThanBefore_GivesTheNewContent()
    {
        Write(1);
        using var reading = await ReadAsync();
        await reading.AssertAllAsync(_written);
        await File.WriteAllTextAsync(Log, "");
        Write(100);
        await reading.AssertAllAsync(_written);
    }

    [Fact]
    public async Task CopyNew_LogIsTruncatedAndShorterThanBefore_GivesTheNewContent()
    {
        Write(100);
        using var reading = await ReadAsync();
        await reading.AssertAllAsync(_written);
        await File.WriteAllTextAsync(Log, "");
        Write(1);
        await reading.AssertAllAsync(_written);
    }

    [Fact]
    public async Task Follow_Lines_AreCopiedAndFlushedUntilItIsCancelled()
    {
        using var cancellation = new CancellationTokenSource();
        using var reading = await ReadAsync();
        using var output = new FlushedStream();
        var following = reading.Follower.FollowAsync(output, TimeProvider.System, cancellation.Token);
        for (var i = 1; i <= 2; i++)
        {
            Write(1);
            await Wait.UntilAsync(() => output.Flushes == i, "the line");
        }

        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => following);
        Assert.Equal("0\n1\n", Encoding.UTF8.GetString(output.ToArray()));
    }

    [Fact]
    public async Task CopyNew_LogIsDeletedAndWrittenOn_GivesTheRestAndThenTheNewLog()
    {
        Write(3);
        using var reading = await ReadAsync();
        await reading.AssertAllAsync(_written);
        await using (var daemon = new StreamWriter(Log, append: true) { AutoFlush = true })
        {
            File.Delete(Log);
            for (var i = 0; i < 3; i++)
            {
                await daemon.WriteLineAsync($"{_written++}");
                await reading.AssertAllAsync(_written);
            }
        }

        Write(2);
        await reading.AssertAllAsync(_written);
    }

    [Fact]
    public async Task CopyNew_ManyRotationsBetweenTwoReads_LosesAndRepeatsNothing()
    {
        Write(10);
        using var reading = await ReadAsync();
        for (var i = 0; i < 5; i++)
        {
            Write(3000);
            Rotate();
            Write(5);
            RenameAway();
            Write(7);
        }

        await reading.AssertAllAsync(_written);
    }

    [Fact]
    public async Task CopyNew_RotationBeganAndWasNeverFinished_RepeatsNothing()
    {
        Write(1000);
        using var reading = await ReadAsync();
        await reading.AssertAllAsync(_written);

        // What a supervisor that is killed while it copies leaves.
        await File.WriteAllBytesAsync(Log + ".1", (await File.ReadAllBytesAsync(Log))[..2000]);
        Write(1000);
        await reading.AssertAllAsync(_written);
        Rotate();
        Write(10);
        await reading.AssertAllAsync(_written);
    }

    [Fact]
    public async Task CopyTail_WhileARotationIsUnfinished_ThenFollow_RepeatsNothing()
    {
        Write(1000);
        await File.WriteAllBytesAsync(Log + ".1", (await File.ReadAllBytesAsync(Log))[..2000]);
        using var reading = await ReadAsync();
        await reading.AssertAllAsync(_written);
        Rotate();
        Write(10);
        await reading.AssertAllAsync(_written);
    }

    [Fact]
    public async Task CopyNew_PartIsCompressedAfterItWasRead_RepeatsNothing()
    {
        _compress = true;
        Write(20_000);
        using var reading = await ReadAsync();
        await reading.AssertAllAsync(_written);
        for (var i = 0; i < 4; i++)
        {
            Rotate();
            await reading.AssertAllAsync(_written);
            Write(20_000);
        }

        await reading.AssertAllAsync(_written);
        Assert.True(File.Exists(Log + ".2.gz"));
    }

    [Fact]
    public async Task CopyNew_PartsAreCompressedBeforeTheyWereRead_LosesNothing()
    {
        _compress = true;
        Write(10);
        using var reading = await ReadAsync();
        for (var i = 0; i < 5; i++)
        {
            Write(20_000);
            Rotate();
        }

        await reading.AssertAllAsync(_written);
    }

    [Fact]
    public async Task CopyNew_LogrotateCompressesTheNewestPart_LosesAndRepeatsNothing()
    {
        Write(1000);
        using var reading = await ReadAsync();
        CopyAndTruncate();
        Write(1000);
        await reading.AssertAllAsync(_written);
        using (var gzip = Process.Start("gzip", [Log + ".1"]))
        {
            await gzip.WaitForExitAsync();
        }

        Write(1000);
        await reading.AssertAllAsync(_written);
        CopyAndTruncate();
        Write(1000);
        await reading.AssertAllAsync(_written);
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(7, false)]
    [InlineData(42, false)]
    [InlineData(77, false)]
    [InlineData(2, true)]
    [InlineData(8, true)]
    public async Task CopyNew_RandomRotations_LosesAndRepeatsNothing(int seed, bool compress)
    {
        _compress = compress;
        var random = new Random(seed);
        Write(1);
        using var reading = await ReadAsync();
        for (var i = 0; i < 300; i++)
        {
            switch (random.Next(6))
            {
                case 0:
                    Rotate();
                    break;
                case 1:
                    RenameAway();
                    break;
                case 2:
                    // The reader must have opened the file before it is deleted.
                    Write(5);
                    await reading.ReadAsync();
                    Write(7);
                    File.Delete(Log);
                    break;
                case 3:
                    CopyAndTruncate();
                    break;
                default:
                    Write(random.Next(1500));
                    break;
            }

            if (random.Next(3) == 0)
            {
                await reading.ReadAsync();
            }
        }

        await reading.AssertAllAsync(_written);
    }

#if !MUTATION
    [Fact]
    public async Task Follow_WhileADaemonWritesAndTheLogIsRotated_LosesAndRepeatsNothing()
    {
        const int Lines = 60_000;
        using var writer = Process.Start("sh", ["-c", $"exec >>{Log}; i=0; while [ $i -lt {Lines} ]; do echo $i; i=$((i+1)); done"]);
        using var reading = await ReadAsync();
        var rotations = 0;
        while (!writer.HasExited)
        {
            rotations += LogRotation.Rotate(Log, new LogPolicy { Parts = 30 }, above: 80 * 1024) ? 1 : 0;
            await reading.ReadAsync();
        }

        Assert.True(rotations > 1, "nothing was rotated");
        await reading.AssertAllAsync(Lines);
    }
#endif

    [Fact]
    public async Task LineStream_BlocksEndInsideACharacter_KeepsTheCharacters()
    {
        var found = new List<string>();
        await using var lines = new LineStream((line, _) =>
        {
            found.Add(line);
            return ValueTask.CompletedTask;
        });
        foreach (var value in Encoding.UTF8.GetBytes("né\r\n😀x"))
        {
            await lines.WriteAsync(new[] { value }.AsMemory());
        }

        await lines.FinishAsync(default);
        Assert.Equal(["né", "😀x"], found);
    }

    [Fact]
    public async Task LineStream_EndlessLine_IsCut()
    {
        var found = new List<string>();
        await using var lines = new LineStream((line, _) =>
        {
            found.Add(line);
            return ValueTask.CompletedTask;
        });
        await lines.WriteAsync(Encoding.UTF8.GetBytes(new string('x', (2 * LineStream.MaximumLineLength) + 1)).AsMemory());
        await lines.FinishAsync(default);
        Assert.Equal([LineStream.MaximumLineLength, LineStream.MaximumLineLength, 1], found.Select(l => l.Length));
    }

    [Theory]
    [InlineData("\n", 0)]
    [InlineData("\r\n", 0)]
    [InlineData("\r\n", 1)]
    public async Task LineStream_LineAsLongAsTheLimit_IsOneLine(string ending, int shorter)
    {
        var line = new string('x', LineStream.MaximumLineLength - shorter);
        Assert.Equal([line, "next"], await LinesOfAsync(Encoding.UTF8.GetBytes($"{line}{ending}next{ending}")));
    }

    [Fact]
    public async Task LineStream_EndsInsideACharacter_ShowsThat() => Assert.Equal(["a", "\uFFFD"], await LinesOfAsync([(byte)'a', (byte)'\n', 0xF0, 0x9F]));

    [Fact]
    public async Task LineStream_ReturnsInsideALine_AreKept() => Assert.Equal(["10%\r\r50%", "\rend", ""], await LinesOfAsync("10%\r\r50%\r\n\rend\n\r"u8.ToArray()));

    [Fact]
    public async Task CopyTail_NewestPartCannotBeRead_GivesTheLastLines()
    {
        await File.WriteAllTextAsync(Log + ".1.gz", "this is not gzip");
        await File.WriteAllTextAsync(Log + ".2", "old\n");
        await File.WriteAllTextAsync(Log, "a\nb\n");
        Assert.Equal("b\n", await TailAsync(1));
        Assert.Equal("old\na\nb\n", await TailAsync(9));
    }

    private static async Task<List<string>> LinesOfAsync(byte[] content)
    {
        var found = new List<string>();
        await using var lines = new LineStream((line, _) =>
        {
            found.Add(line);
            return ValueTask.CompletedTask;
        });
        await lines.WriteAsync(content.AsMemory());
        await lines.FinishAsync(default);
        return found;
    }

    private void Write(int lines)
    {
        File.AppendAllLines(Log, Enumerable.Range(_written, lines).Select(i => i.ToString(CultureInfo.InvariantCulture)));
        _written += lines;
    }

    private void Rotate()
    {
        if (File.Exists(Log) && new FileInfo(Log).Length > 0)
        {
            Assert.True(LogRotation.Rotate(Log, new LogPolicy { Parts = 50, Compress = _compress }));
        }
    }

    // What a new instance does with a large log.
    private void RenameAway()
    {
        if (File.Exists(Log))
        {
            Shift();
            File.Move(Log, Log + ".1");
        }
    }

    // What logrotate does with the option copytruncate.
    private void CopyAndTruncate()
    {
        if (File.Exists(Log))
        {
            Shift();
            File.Copy(Log, Log + ".1");
            using var log = new FileStream(Log, FileMode.Open);
            log.SetLength(0);
        }
    }

    private void Shift()
    {
        for (var i = Directory.GetFiles(_directory.Path).Length; i >= 1; i--)
        {
            foreach (var suffix in (string[])["", ".gz"])
            {
                if (File.Exists($"{Log}.{i}{suffix}"))
                {
                    File.Move($"{Log}.{i}{suffix}", $"{Log}.{i + 1}{suffix}", overwrite: true);
                }
            }
        }
    }

    private async Task<string> TailAsync(int lines)
    {
        using var follower = new LogFollower(Log);
        using var output = new MemoryStream();
        await follower.CopyTailAsync(lines, output, default);
        Assert.Null(follower.Refusal);
        return Encoding.UTF8.GetString(output.ToArray());
    }

    private async Task AssertRefusedAsync(string why)
    {
        using var follower = new LogFollower(Log);
        using var output = new MemoryStream();
        await follower.CopyTailAsync(10, output, default);
        Assert.False(await follower.CopyNewAsync(output, default));
        Assert.Contains(why, follower.Refusal);
        Assert.Equal(0, output.Length);
    }

    private async Task<Reading> ReadAsync()
    {
        var reading = new Reading(new LogFollower(Log));
        await reading.Follower.CopyTailAsync(1_000_000, reading.Output, default);
        return reading;
    }

    private sealed class FlushedStream : MemoryStream
    {
        private int _flushes;

        internal int Flushes => Volatile.Read(ref _flushes);

        public override Task FlushAsync(CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _flushes);
            return Task.CompletedTask;
        }
    }

    private sealed record Reading(LogFollower Follower) : IDisposable
    {
        internal MemoryStream Output { get; } = new();

        internal Task<bool> ReadAsync() => Follower.CopyNewAsync(Output, default);

        internal async Task AssertAllAsync(int count)
        {
            await ReadAsync();
            var numbers = Encoding.UTF8.GetString(Output.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => int.Parse(l, CultureInfo.InvariantCulture));
            Assert.Equal(Enumerable.Range(0, count), numbers);
        }

        public void Dispose()
        {
            Follower.Dispose();
            Output.Dispose();
        }
    }
}
