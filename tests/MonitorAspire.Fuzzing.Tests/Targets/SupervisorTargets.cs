using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using MonitorAspire.Cli.CommandLine;
using MonitorAspire.Cli.Up;
using MonitorAspire.Cli.Up.Dashboard;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Launcher;
using MonitorAspire.Supervisor.Events;
using MonitorAspire.Supervisor.Fleet;
using MonitorAspire.Supervisor.Fleet.History;
using MonitorAspire.Supervisor.Rest;
using MonitorAspire.Supervisor.Settings;
using MonitorAspire.Testing;

namespace MonitorAspire.Fuzzing.Tests.Targets;

/// <summary>What the supervisor reads: requests, its configuration, and its own files after people have edited them.</summary>
internal static class SupervisorTargets
{
    private static readonly TemporaryDirectory Directory = new();

    internal static void LastEventId(byte[] content)
    {
        var text = Encoding.Latin1.GetString(content);
        var isValid = EventEndpoint.TryParse(text, out var after);
        Assert.True(after is null or >= 0);
        Assert.True(isValid || after is null);
        Assert.True(isValid || !string.IsNullOrWhiteSpace(text));
    }

    internal static void LauncherMessage(byte[] content)
    {
        MonitorAspire.Supervision.Launcher.LauncherMessage message;
        try
        {
            message = LauncherConnection.Parse(content);
        }
        catch (InvalidDataException)
        {
            return; // documented
        }

        if (message is LauncherReport report)
        {
            Assert.NotNull(report.Daemon);
            Assert.All(report.LogTail, Assert.NotNull);
            Assert.True(Enum.IsDefined(report.State));
            Assert.True(report.Pid is null or > 0);
        }

        _ = JsonSerializer.SerializeToUtf8Bytes(message, LauncherJson.Default.LauncherMessage);
    }

    /// <summary>A configuration file. The framework reads the JSON, and its errors are documented.</summary>
    internal static void Configuration(byte[] content)
    {
        var path = Directory["monitors.json"];
        File.WriteAllBytes(path, content);
        try
        {
            _ = UpCommand.StateDirectoryIn(path);
        }
        catch (UsageException)
        {
            // documented
        }

        _ = AspireTool.Names(path);

        IConfiguration configuration;
        try
        {
            configuration = new ConfigurationSetup(new Supervisor.Settings.CommandLine(new Dictionary<string, string?>(), path, null)).ReadAgain("Production");
        }
        catch (ConfigurationException)
        {
            return; // documented
        }

        var options = MonitorsReader.Read(configuration, out var errors, out _);
        var specs = MonitorsReader.Resolve(options, configuration, out var inValues);
        Assert.All(errors.Concat(inValues), Assert.NotEmpty);
        if (inValues.Count == 0)
        {
            Assert.True(specs.Count <= FleetTopology.MaximumCount);
            Assert.All(specs, s => Assert.Null(FleetTopology.Validate(s)));
        }
    }

    internal static void DefinitionBody(byte[] content)
    {
        var request = new DefaultHttpContext().Request;
        request.ContentType = "application/json";
        request.Body = new MemoryStream(content);
        DaemonDefinition definition;
        try
        {
            definition = DefinitionReader.ReadAsync(request, default).GetAwaiter().GetResult();
        }
        catch (Exception e) when (e is BadHttpRequestException or DefinitionException)
        {
            Assert.True(e.Message.Length < 5000 || content.Length > 1000, $"{e.Message.Length} characters");
            return; // documented
        }

        if (!DefinitionCheck.Problems(definition, new MonitorsOptions()).Any())
        {
            var spec = DefinitionMapper.ToSpec(definition);
            Assert.Null(FleetTopology.Validate(spec));
            _ = Secrets.Restore(definition, definition);
            _ = Secrets.Of(definition).HideIn(definition.Environment);
        }
    }

    internal static void Overlay(byte[] content)
    {
        var path = Directory["supervisor-8760.daemons.json"];
        WritePrivate(path, content);
        var file = new OverlayFile(path);
        FleetOverlay overlay;
        try
        {
            overlay = file.Read();
        }
        catch (ConfigurationException)
        {
            return; // documented
        }

        file.Write(overlay);
        var again = file.Read();
        Assert.Equal(overlay.Daemons.Select(Text), again.Daemons.Select(Text));
        Assert.Equal(overlay.Removed, again.Removed);

        static string Text(DaemonDefinition definition) => JsonSerializer.Serialize(definition, DefinitionJson.Default.DaemonDefinition);
    }

    internal static void History(byte[] content)
    {
        var path = Directory["supervisor-8760.history.jsonl"];
        WritePrivate(path, content);
        var loaded = new HistoryFile(path).Load();
        Assert.Null(loaded.Unreadable);
        Assert.True(loaded.Starts.Count + loaded.Broken <= content.Count(b => b == '\n') + 1);
        Assert.Equal(loaded.Broken > 0, loaded.FirstBroken > 0);
        _ = JsonSerializer.Serialize(StartFigures.Of(loaded.Starts).Startup, JsonSerializerOptions.Web);
        Assert.All(loaded.Starts, s => Assert.True(s.Reason is null || Enum.IsDefined(s.Reason.Value)));

        new HistoryFile(path).Rewrite([.. loaded.Starts]);
        var again = new HistoryFile(path).Load();
        Assert.Equal((loaded.Starts.Count, 0, false), (again.Starts.Count, again.Broken, again.NeedsRewrite));
    }

    private static void WritePrivate(string path, byte[] content)
    {
        File.WriteAllBytes(path, content);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }
}
