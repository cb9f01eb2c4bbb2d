using System.Globalization;
using System.IO.Compression;
using System.Net.Http.Json;
using System.Text.Json;
using System.Xml.Linq;
using MonitorAspire.Testing;

namespace MonitorAspire.Packages.Tests;

/// <summary>What a user without this repository has: packages, an AppHost and a tool that are restored from them.</summary>
public sealed class PackagesTests(PackedFolder folder) : IClassFixture<PackedFolder>, IDisposable
{
    private static readonly HttpClient Http = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(10) };

    private readonly TemporaryDirectory _state = new();

    public void Dispose() => _state.Dispose();

    [Fact]
    public void Pack_PublicProjects_AreAllAndHaveWhatAPackagePageShows()
    {
        string[] ids = ["MonitorAspire.Cli", "MonitorAspire.Hosting", "MonitorAspire.Supervision"];
        Assert.Equal(ids.Select(id => $"{id}.0.1.0.nupkg"), Directory.GetFiles(folder.Packages, "*.nupkg").Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal(
            ids[1..].Select(id => $"{id}.0.1.0.snupkg"), Directory.GetFiles(folder.Packages, "*.snupkg").Select(Path.GetFileName).Order(StringComparer.Ordinal));
        foreach (var id in ids)
        {
            using var package = ZipFile.OpenRead(Path.Combine(folder.Packages, $"{id}.0.1.0.nupkg"));
            var metadata = Metadata(package);
            foreach (var name in new[] { "description", "tags", "license", "icon", "readme", "copyright", "repository" })
            {
                Assert.True(metadata.Elements().Any(e => e.Name.LocalName == name), $"{id} has no {name}");
            }

            Assert.NotNull(package.GetEntry("icon.png"));
            Assert.NotNull(package.GetEntry("README.md"));
            Assert.DoesNotContain(package.Entries, e => e.FullName.EndsWith("appsettings.json", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Pack_ProjectsOfTheSolution_OnlyThePublicOnesArePackable()
    {
        var packable = Directory.EnumerateFiles(PackedFolder.Repository, "*.csproj", SearchOption.AllDirectories)
            .Where(project => File.ReadAllText(project).Contains("<IsPackable>true</IsPackable>", StringComparison.Ordinal))
            .Select(Path.GetFileNameWithoutExtension)
            .Order(StringComparer.Ordinal);

        Assert.Equal(["MonitorAspire.Cli", "MonitorAspire.Hosting", "MonitorAspire.Supervision"], packable);
    }

    [Fact]
    public void Pack_Hosting_BringsTheProgramsForEveryPlatformAndNoPinnedDependency()
    {
        using var package = ZipFile.OpenRead(Path.Combine(folder.Packages, "MonitorAspire.Hosting.0.1.0.nupkg"));
        var files = package.Entries.Select(e => e.FullName).ToHashSet(StringComparer.Ordinal);
        foreach (var file in new[]
        {
            "build/MonitorAspire.Hosting.targets", "buildTransitive/MonitorAspire.Hosting.targets",
            "tools/any/monitor-aspire-supervisor.dll", "tools/any/monitor-aspire-supervisor.runtimeconfig.json",
            "tools/any/monitor-aspire-daemon.dll", "tools/any/monitor-aspire-daemon.runtimeconfig.json",
        })
        {
            Assert.Contains(file, files);
        }

        Assert.DoesNotContain("tools/any/monitor-aspire-daemon", files);
        Assert.Equal(
            ["Aspire.Hosting", "MonitorAspire.Supervision", "OpenTelemetry.Exporter.OpenTelemetryProtocol", "OpenTelemetry.Extensions.Hosting"],
            Metadata(package).Descendants().Where(e => e.Name.LocalName == "dependency").Select(e => (string)e.Attribute("id")!).Order(StringComparer.Ordinal));
    }

    /// <summary>Two copies of one application at the same time: each has a supervisor of its own on a port of its own.</summary>
    [Fact]
    public async Task AppHost_RestoredFromThePackages_RunsTwiceAtOnceWithASupervisorEach()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the applications are ended with a signal");
        var directory = Copy("AppHost.csproj", "AppHost.cs", "server.py");
        await Tool.DotNetAsync(directory, "build", "--configfile", folder.ConfigFile, "-nologo", "-v:q", "-p:UseSharedCompilation=false");
        Assert.True(Directory.Exists(Path.Combine(folder.Restored, "monitoraspire.hosting")), "the package was not restored from the folder");

        await using var one = Run(directory, "--Daemon", FreePort.Next().ToString(CultureInfo.InvariantCulture));
        await using var other = Run(directory);
        var first = await DaemonsAsync(await one.LineAsync("HEALTHY "));
        var second = await DaemonsAsync(await other.LineAsync("HEALTHY "));

        Assert.Equal(3, first.Count);
        Assert.Equal(2, second.Count);
        Assert.All(first.Values.Concat(second.Values), daemon => Assert.Equal("Running", daemon.GetProperty("state").GetString()));
        Assert.NotEqual(Pid(first["catalog"]), Pid(second["catalog"]));
        Assert.NotEqual(Pid(first["orders"]), Pid(second["orders"]));
        await one.InterruptAsync();
        await other.InterruptAsync();
        Assert.Equal((0, 0), (await one.ExitAsync(), await other.ExitAsync()));

        // The log of a start that goes well has no error, and files of random ports do not stay.
        Assert.DoesNotContain("fail:", one.Output, StringComparison.Ordinal);
        await Wait.UntilAsync(() => !Directory.EnumerateFiles(_state.Path, "supervisor-*", SearchOption.AllDirectories).Any(), "the end of the supervisors");
    }

    [Fact]
    public async Task Tool_InstalledFromThePackages_StartsStopsAndRunsAFleet()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the fleet is ended with a signal");
        var tools = folder["tools"];
        await Tool.DotNetAsync(_state.Path, "tool", "install", "MonitorAspire.Cli", "--tool-path", tools, "--configfile", folder.ConfigFile);
        var monitor = Path.Combine(tools, "monitor");
        string[] daemon = ["--port", Text(FreePort.Next()), "--state-dir", _state["state"]];

        await RunAsync("start", 0);
        await RunAsync("status", 0);
        await RunAsync("restart", 0);
        await RunAsync("stop", 0);
        await RunAsync("status", 3);

        var supervisorPort = FreePort.Consecutive(2);
        await using var up = Tool.Start(
            _state.Path, monitor,
            ["up", "--count", "1", "--base-port", Text(supervisorPort + 1), "--supervisor-port", Text(supervisorPort), "--state-dir", _state["state"]]);
        await up.LineAsync("Supervisor:");
        await Wait.UntilAsync(
            async () => (await DaemonsAsync($"http://127.0.0.1:{supervisorPort}")).Values.All(d => d.GetProperty("state").GetString() == "Running"), "a running fleet");
        await up.InterruptAsync();
        Assert.Equal(0, await up.ExitAsync());

        async Task RunAsync(string command, int expected)
        {
            var (exitCode, output) = await Tool.RunAsync(_state.Path, monitor, [command, .. daemon]);
            Assert.True(exitCode == expected, $"monitor {command} ended with {exitCode}:\n{output}");
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static int Pid(JsonElement daemon) => daemon.GetProperty("pid").GetInt32();

    private static async Task<Dictionary<string, JsonElement>> DaemonsAsync(string supervisor)
        => (await Http.GetFromJsonAsync<JsonElement[]>($"{supervisor}/api/daemons"))!.ToDictionary(d => d.GetProperty("name").GetString()!);

    private static XElement Metadata(ZipArchive package)
    {
        using var stream = package.Entries.Single(e => e.FullName.EndsWith(".nuspec", StringComparison.Ordinal)).Open();
        return XDocument.Load(stream).Root!.Elements().Single();
    }

    private Tool Run(string directory, params string[] arguments) => Tool.Start(
        directory, "dotnet", [Path.Combine(directory, "bin", "Debug", "net10.0", "AppHost.dll"), .. arguments], ("MONITOR_STATE_DIR", _state.Path));

    private string Copy(params string[] files)
    {
        var directory = Directory.CreateDirectory(folder["application"]).FullName;
        foreach (var file in files)
        {
            File.Copy(Path.Combine(AppContext.BaseDirectory, "Throwaway", file), Path.Combine(directory, file), overwrite: true);
        }

        return directory;
    }
}
