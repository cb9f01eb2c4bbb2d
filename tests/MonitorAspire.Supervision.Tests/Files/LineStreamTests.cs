using System.Text;
using MonitorAspire.Supervision.Files;

namespace MonitorAspire.Supervision.Tests.Files;

public sealed class LineStreamTests
{
    private const int Longest = LineStream.MaximumLineLength;

    [Theory]
    [InlineData("a\nb\n", "a|b")]
    [InlineData("a\nb", "a|b")]
    [InlineData("a\r\nb\r\n", "a|b")]
    [InlineData("\n\r\n\n", "||")]
    [InlineData("50 %\r100 %\n", "50 %\r100 %")]
    [InlineData("a\r\r\n", "a\r")]
    [InlineData("a\r", "a")]
    [InlineData("\r", "")]
    [InlineData("é😀\nü", "é😀|ü")]
    [InlineData("", null)]
    public async Task Lines_BlocksThatEndAnywhere_AreTheLines(string text, string? expected)
    {
        foreach (var block in (int[])[1, 2, 3, 1000])
        {
            Assert.Equal(expected?.Split('|') ?? [], await LinesAsync(Encoding.UTF8.GetBytes(text), block));
        }
    }

    [Fact]
    public async Task Lines_CharacterThatIsNotComplete_IsReplaced() => Assert.Equal(["a\uFFFD"], await LinesAsync([(byte)'a', 0xC3], 10));

    [Fact]
    public async Task Lines_LineThatIsTooLong_IsCutIntoPieces()
    {
        var text = new string('x', (2 * Longest) + 1) + "\n" + new string('y', Longest) + "\n";

        Assert.Equal([Longest, Longest, 1, Longest], (await LinesAsync(Encoding.UTF8.GetBytes(text), 5000)).Select(line => line.Length));
    }

    [Fact]
    public async Task Lines_CutInsideACharacter_KeepsItWhole()
    {
        var text = new string('x', Longest - 1) + "😀😀\n";

        Assert.Equal([new string('x', Longest - 1) + "😀", "😀"], await LinesAsync(Encoding.UTF8.GetBytes(text), 5000));
    }

    [Fact]
    public async Task Stream_CanOnlyBeWrittenTo()
    {
        var lines = new List<string>();
        await using var stream = new LineStream((line, _) =>
        {
            lines.Add(line);
            return ValueTask.CompletedTask;
        });

        using var source = new MemoryStream("xa\nx"u8.ToArray()) { Position = 1 };
        await source.CopyToAsync(stream, TestContext.Current.CancellationToken); // writes a part of an array
        await stream.FlushAsync(TestContext.Current.CancellationToken);

        Assert.Equal(["a"], lines);
        Assert.Equal((false, false, true), (stream.CanRead, stream.CanSeek, stream.CanWrite));
        Assert.All(
            (Action[])[() => stream.Write([1]), () => _ = stream.ReadByte(), () => _ = stream.Length, () => _ = stream.Position, () => stream.Position = 0, () => stream.Seek(0, SeekOrigin.Begin), () => stream.SetLength(0)],
            action => Assert.Throws<NotSupportedException>(action));
    }

    private static async Task<List<string>> LinesAsync(byte[] bytes, int block)
    {
        var lines = new List<string>();
        await using var stream = new LineStream((line, _) =>
        {
            lines.Add(line);
            return ValueTask.CompletedTask;
        });
        foreach (var part in bytes.Chunk(block))
        {
            await stream.WriteAsync(part, TestContext.Current.CancellationToken);
        }

        await stream.FinishAsync(TestContext.Current.CancellationToken);
        return lines;
    }
}
