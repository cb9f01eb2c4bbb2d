using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using MonitorAspire.Cli.CommandLine;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Testing;

namespace MonitorAspire.Fuzzing.Targets;

/// <summary>Files of a state directory. People edit them, a full disk cuts them off, and a daemon writes its log.</summary>
internal static partial class FileTargets
{
    private const int Port = 8768;

    private static readonly TemporaryDirectory Directory = Scratch.Create();
    private static readonly DaemonFiles Files = new(Directory.Path, Port);

    internal static void PidFile(byte[] content)
    {
        var reading = MonitorAspire.Supervision.Files.PidFile.Parse(content);
        Assert.Equal(reading.State == PidFileState.Valid, reading.Pid > 0);
        if (content.Length <= 20)
        {
            // A second, slow implementation.
            var isNumber = PidLine().Match(Encoding.Latin1.GetString(content)) is { Success: true } match && long.TryParse(match.Groups[1].ValueSpan, out var pid) && pid is > 0 and <= int.MaxValue;
            Assert.Equal(isNumber, reading.State == PidFileState.Valid);
        }
    }

    internal static void Record(byte[] content)
    {
        File.Delete(Files.DefinitionFile);
        File.WriteAllBytes(Files.InstanceFile, content);
        if (InstanceRecord.Read(Files.InstanceFile) is not { } record)
        {
            return;
        }

        Assert.All((string?[])[record.BootId, record.InstanceId, record.Name, record.Host, record.HealthPath, .. record.Command], Assert.NotNull);
        Assert.All((long[])[record.Pid, record.StartTicks, record.Port, record.LogOffset, record.RestartCount, record.LauncherPid, record.LauncherStartTicks], n => Assert.True(n >= 0, $"{n}"));
        Assert.Equal(record.Command.Count, record.ShownCommand.Count);
        _ = (record.IsPersistent, InstanceRecord.HasLauncher(record.InstanceId), record.RestartCount + 1);
        _ = FleetTopology.Validate(KnownDaemons.Spec(Port, record));
        _ = KnownDaemons.Find(Directory.Path, Port).ToSpec();
        _ = DaemonLog.Tail(Files.LogFile, fromOffset: record.LogOffset);
        _ = StoredDefinition.Find(Directory.Path, Port);

        record.Write(Files.InstanceFile);
        var again = InstanceRecord.Read(Files.InstanceFile);
        Assert.NotNull(again);
        Assert.True(again.IsSameInstance(record));
        Assert.Equal(record.Command.Select(Valid), again.Command);
        File.Delete(Files.InstanceFile);
    }

    internal static void Environment(byte[] content)
    {
        IReadOnlyList<KeyValuePair<string, string?>> variables;
        try
        {
            variables = EnvironmentFile.Parse(Encoding.UTF8.GetString(content));
        }
        catch (FormatException e)
        {
            // No line of the file is in the message: it may be a secret.
            Assert.Matches(EnvironmentError(), e.Message);
            return;
        }

        Assert.All(variables, v => Assert.Matches(VariableName(), v.Key));
        Assert.All(variables, v => Assert.DoesNotContain('\0', v.Value!));
        var again = EnvironmentFile.Parse(string.Join('\n', variables.Select(v => $"{v.Key}=\"{v.Value!.Replace(@"\", @"\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"")));
        Assert.Equal(variables, again);
    }

    internal static void Definition(byte[] content)
    {
        File.WriteAllBytes(Files.DefinitionFile, content);
        DaemonDefinition? definition;
        try
        {
            definition = DefinitionFile.Read(Files);
        }
        catch (DefinitionFileException e)
        {
            Assert.DoesNotContain('\n', e.Message);
            TextTargets.AssertVisible(e.Message, mayHaveTabs: false);
            return;
        }

        Assert.NotNull(definition);
        Assert.Equal(Port, definition.Port);
        var spec = DefinitionMapper.ToSpec(definition);
        Assert.Null(FleetTopology.Validate(spec));
        _ = Secrets.Of(spec).HideInArguments(spec.Arguments);
        _ = Files.FillIn(string.Join(' ', spec.Arguments), spec.Host);

        File.Delete(Files.DefinitionFile);
        DefinitionFile.Write(Files, definition);
        Assert.Equal(Text(definition), Text(DefinitionFile.Read(Files)!));

        static string Text(DaemonDefinition definition) => JsonSerializer.Serialize(definition, DefinitionJson.Default.DaemonDefinition);
    }

    /// <summary>A log, as a report, a follower and a pattern see it.</summary>
    internal static void Log(byte[] content)
    {
        File.WriteAllBytes(Files.LogFile, content);
        foreach (var offset in (long[])[0, content.Length / 2, long.MaxValue])
        {
            var tail = DaemonLog.Tail(Files.LogFile, lines: 20, offset);
            Assert.True(tail.Count <= 20);
            Assert.All(tail, line => TextTargets.AssertVisible(line, mayHaveTabs: true));
        }

        var whole = Encoding.UTF8.GetString(content);
        foreach (var part in (int[])[1, 7, content.Length + 1])
        {
            Assert.Equal(Lines(whole), LinesOf(content, part));
        }

        using var follower = new LogFollower(Files.LogFile);
        using var copy = new MemoryStream();
        follower.CopyTailAsync(5, copy, default).GetAwaiter().GetResult();
        Assert.True(content.AsSpan().EndsWith(copy.ToArray()));
        Assert.True(copy.Length <= 5 * LineStream.MaximumLineLength);

        var pattern = new LogPattern(Files.LogFile, 0, HealthCheckRules.PatternOf("ready|listening"));
        Assert.Equal(pattern.Search(default), pattern.Found is not null);
        Assert.True(pattern.Lines <= content.Count(b => b == '\n'));
        Assert.True(pattern.Found is null or { Length: <= 8 * 1024 });
    }

    /// <summary>The parts of a log, one of them compressed. The content is what is in the file, and what is compressed in it.</summary>
    internal static void LogParts(byte[] content)
    {
        var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(content);
        }

        foreach (var (one, two) in ((byte[], byte[])[])[(content, compressed.ToArray()), (compressed.ToArray(), content)])
        {
            File.WriteAllText(Files.LogFile, "a\nb\n");
            File.WriteAllBytes(Files.LogFile + ".1.gz", one);
            File.WriteAllBytes(Files.LogFile + ".2.gz", two);
            using var follower = new LogFollower(Files.LogFile);
            using var copy = new MemoryStream();
            follower.CopyTailAsync(50, copy, default).GetAwaiter().GetResult();
            Assert.True(copy.ToArray().AsSpan().EndsWith("a\nb\n"u8));

            File.Move(Files.LogFile, Files.LogFile + ".1");
            File.WriteAllText(Files.LogFile, "c\n");
            for (var copies = 0; follower.CopyNewAsync(copy, default).GetAwaiter().GetResult(); copies++)
            {
                Assert.True(copies < 10, "the follower does not come to an end");
            }

            Assert.True(copy.ToArray().AsSpan().EndsWith("c\n"u8));
            Assert.Null(follower.Refusal);
            File.Delete(Files.LogFile + ".1");
        }

        File.Delete(Files.LogFile + ".1.gz");
        File.Delete(Files.LogFile + ".2.gz");
    }

    // JSON has no halves of pairs.
    private static string Valid(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));

    private static List<string> LinesOf(byte[] content, int part)
    {
        var lines = new List<string>();
        using var stream = new LineStream((line, _) =>
        {
            lines.Add(line);
            return ValueTask.CompletedTask;
        });
        foreach (var block in content.Chunk(part))
        {
            stream.WriteAsync(block.AsMemory()).AsTask().GetAwaiter().GetResult();
        }

        stream.FinishAsync(default).AsTask().GetAwaiter().GetResult();
        return lines;
    }

    /// <summary>A second, slow implementation.</summary>
    private static List<string> Lines(string text)
    {
        var lines = new List<string>();
        var all = text.Split('\n');
        for (var i = 0; i < all.Length; i++)
        {
            var line = all[i].EndsWith('\r') ? all[i][..^1] : all[i];
            if (i == all.Length - 1 && all[i].Length == 0)
            {
                break;
            }

            int cut;
            while (line.Length > (cut = LengthOfPart(line)))
            {
                lines.Add(line[..cut]);
                line = line[cut..];
            }

            lines.Add(line);
        }

        return lines;

        // A pair of characters is not cut in the middle.
        static int LengthOfPart(string line) =>
            LineStream.MaximumLineLength + (line.Length > LineStream.MaximumLineLength && char.IsLowSurrogate(line[LineStream.MaximumLineLength]) ? 1 : 0);
    }

    [GeneratedRegex(@"^line [1-9][0-9]*: (there is no name of a variable|there is no '=' after the name|the value of [A-Za-z0-9_.-]+ has a NUL character in it|a name begins with a digit|the quote has no end|there is text after the closing quote)$")]
    private static partial Regex EnvironmentError();

    [GeneratedRegex(@"^[A-Za-z_.-][A-Za-z0-9_.-]*$")]
    private static partial Regex VariableName();

    [GeneratedRegex(@"^[ \t\r\n]*([0-9]+)[ \t\r\n]*\z")]
    private static partial Regex PidLine();
}
