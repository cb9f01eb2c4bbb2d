using System.CommandLine;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using MonitorAspire.Cli.CommandLine;
using MonitorAspire.Cli.Status;
using MonitorAspire.Cli.Terminal;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Startup;
using MonitorAspire.Supervision.Telemetry;

namespace MonitorAspire.Cli.Tests.Documentation;

/// <summary>What the pages say exists: links, commands, options, keys, and the closed lists in their tables.</summary>
public sealed class DocumentationTests
{
    private static readonly MarkdownPage Reference = new("docs/reference.md");

    private static readonly MarkdownPage Configuration = new("docs/configuration.md");

    private static readonly MarkdownPage RestApi = new("docs/rest-api.md");

    public static TheoryData<string> Pages => [.. Repository.Pages];

    // A changelog also names what is gone.
    public static TheoryData<string> PagesAboutThisVersion => [.. Repository.Pages.Where(page => page != "CHANGELOG.md")];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Link_WithinTheRepository_LeadsToAFileAndAnAnchor(string path)
    {
        var page = new MarkdownPage(path);
        foreach (var link in page.Links().Where(link => !link.Contains("://", StringComparison.Ordinal)))
        {
            var (file, anchor) = link.Split('#') is [var left, var right] ? (left, right) : (link, null);
            var target = file.Length == 0 ? path : Path.GetRelativePath(Repository.Root, Path.GetFullPath(file, Path.GetDirectoryName(Repository.PathOf(path))!));
            Assert.True(
                File.Exists(Repository.PathOf(target)) || Directory.Exists(Repository.PathOf(target)),
                $"{path} links to {link}, which does not exist");
            Assert.True(anchor is null || new MarkdownPage(target).Anchors.Contains(anchor), $"{path} links to {link}: {target} has no heading for #{anchor}");
        }
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void Tables_OnAPage_HaveAsManyCellsInEachRow(string path) => Assert.Empty(new MarkdownPage(path).UnevenRows());

    [Theory]
    [MemberData(nameof(PagesAboutThisVersion))]
    public void MonitorCommand_OnAPage_IsOneThatTheCommandLineKnows(string path)
    {
        var page = new MarkdownPage(path);
        var inBlocks = page.Blocks.Where(b => b.Language is "sh" or "console").SelectMany(b => b.Commands().Select(c => (b.Place, Line: c.Command)));
        var inline = page.InlineCode().Where(code => !code.Contains('[', StringComparison.Ordinal) && !code.Contains('…', StringComparison.Ordinal)).Select(code => (Place: path, Line: Filled(code)));
        foreach (var (place, line) in inBlocks.Concat(inline))
        {
            foreach (var words in ShellLine.Commands(line).Where(words => words is ["monitor", _, ..]))
            {
                Assert.True(Wrong([.. words.Skip(1)]) is not { } wrong, $"{place}: '{line}': {Wrong([.. words.Skip(1)])}");
            }
        }

        static string Filled(string code) => code
            .Replace("bash|zsh|fish", "bash", StringComparison.Ordinal)
            .Replace("PORT", "9000", StringComparison.Ordinal)
            .Replace("COMMAND ", "start ", StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void DotnetCommand_OnAPage_NamesWhatExists(string path)
    {
        var commands = new MarkdownPage(path).Blocks
            .Where(b => b.Language is "sh" or "console")
            .SelectMany(b => b.Commands().SelectMany(c => ShellLine.Commands(c.Command).Select(words => (b.Place, Words: words))));
        foreach (var (place, words) in commands.Where(c => c.Words is ["dotnet", ..]))
        {
            var line = string.Join(' ', words);
            switch (words[1])
            {
                case "run":
                    Assert.True(words is [_, _, "--project", ..], $"{place}: '{line}' does not say which project");
                    AssertProject(place, words[3]);
                    break;
                case "build" or "publish" when words.Count > 2:
                    AssertProject(place, words[2]);
                    break;
                case "build" or "test" or "dev-certs":
                    break;
                case "add" when words is [_, _, "package", var package]:
                    Assert.Contains("<IsPackable>true</IsPackable>", File.ReadAllText(Repository.PathOf($"src/{package}/{package}.csproj")), StringComparison.Ordinal);
                    break;
                case "add" when words is [_, _, "package", "Aspire.Hosting.Kubernetes", ..]:
                case "tool" when words is [_, _, "install", "--global", "MonitorAspire.Cli"]:
                    break;
                case "tool" or "aspire":
                    Assert.Contains("\"aspire.cli\"", File.ReadAllText(Repository.PathOf(".config/dotnet-tools.json")), StringComparison.Ordinal);
                    break;
                default:
                    Assert.Fail($"{place}: '{line}' is not checked by this test");
                    break;
            }
        }

        static void AssertProject(string place, string project) => Assert.True(
            File.Exists(Repository.PathOf(project)) || (Directory.Exists(Repository.PathOf(project)) && Directory.GetFiles(Repository.PathOf(project), "*.csproj").Length == 1),
            $"{place}: there is no project {project}");
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void ConfigurationKey_InABlockOfJson_Exists(string path)
    {
        foreach (var block in new MarkdownPage(path).Blocks.Where(b => b.Language == "json"))
        {
            using var document = JsonDocument.Parse(string.Join('\n', block.Lines));
            Assert.True(document.RootElement.TryGetProperty("Monitors", out var section), $"{block.Place}: this is no configuration");
            AssertKeys(block.Place, section, typeof(MonitorsOptions));
        }

        foreach (var (place, body) in Bodies(path))
        {
            using var document = JsonDocument.Parse(body);
            AssertKeys(place, document.RootElement, typeof(DaemonDefinition));
        }
    }

    [Fact]
    public void Headings_OfTheReference_HaveEveryCommand()
    {
        var documented = Reference.Headings.Where(h => h.StartsWith("monitor ", StringComparison.Ordinal)).Select(h => h["monitor ".Length..]);

        AssertSame(Root().Subcommands.Select(c => c.Name), documented);
    }

    [Fact]
    public void Options_OfEveryCommand_AreInTheReference()
    {
        foreach (var command in Root().Subcommands)
        {
            var known = command.Options.Where(o => !o.Hidden && o.Name != "--help").SelectMany(o => o.Aliases.Prepend(o.Name).Distinct());

            AssertSame(known, Reference.FirstColumn($"monitor {command.Name}"), command.Name);
        }
    }

    [Fact]
    public void Reasons_InTheReference_AreThoseOfTheCodeWithTheirExitCodes() =>
        AssertSame(
            Enum.GetValues<StartupReason>().Select(r => $"{WireNames.Of(r)} {ExitCodes.For(r)}"),
            Reference.Rows("Reasons").Select(row => $"{row[0].Trim('`')} {row[2]}"));

    [Fact]
    public void ExitCodes_InTheReference_AreThoseOfTheCode()
    {
        // Three tables below one heading: the commands, status, and the built-in daemon. Each begins with 0.
        var codes = Reference.Rows("Exit codes").Select(row => row[0]).ToList();
        var status = codes.LastIndexOf("0", codes.LastIndexOf("0") - 1);
        var daemon = codes.LastIndexOf("0");

        AssertSame(Constants<int>(typeof(ExitCodes)), codes[..status].Select(Number));
        AssertSame(Constants<int>(typeof(StatusExitCodes)).Append(ExitCodes.Usage), codes[status..daemon].Select(Number));
        Assert.Subset(codes[daemon..].Select(Number).ToHashSet(), Constants<int>(typeof(DaemonExitCodes)).ToHashSet());

        static int Number(string code) => int.Parse(code, CultureInfo.InvariantCulture);
    }

    [Fact]
    public void Reasons_OfTroubleshooting_AreThatOfTheCode() =>
        Assert.Subset(
            Enum.GetValues<StartupReason>().Select(WireNames.Of).ToHashSet(),
            new MarkdownPage("docs/troubleshooting.md").FirstColumn("By reason").ToHashSet());

    [Fact]
    public void Lists_OnThePages_AreThoseOfTheCode()
    {
        AssertSame(Enum.GetNames<DaemonState>(), Reference.FirstColumn("States"));
        AssertSame(Enum.GetNames<HealthCheckKind>(), Configuration.FirstColumn("Health kinds"));
        AssertSame(Enum.GetValues<FleetEventKind>().Select(Written), RestApi.FirstColumn("Events"));
        AssertSame(Enum.GetValues<AlertKind>().Select(Written), RestApi.FirstColumn("Alerts"));
        AssertSame(Constants<string>(typeof(SpanNames)), RestApi.FirstColumn("Spans"));
        AssertSame(Constants<string>(typeof(MetricNames)), RestApi.FirstColumn("Metrics"));
        AssertSame(Constants<string>(typeof(AttributeNames)), RestApi.FirstColumn("Attributes"));
        AssertSame(Enum.GetValues<StartupStage>().Select(WireNames.Of), new MarkdownPage("README.md").FirstColumn("Why \"started\" must be proved"));

        static string Written<T>(T value)
            where T : struct, Enum => JsonSerializer.Serialize(value).Trim('"');
    }

    [Fact]
    public void Folders_OnTheArchitecturePage_AreThoseOfTheEngine() =>
        AssertSame(
            Directory.GetDirectories(Repository.PathOf("src/MonitorAspire.Supervision")).Select(Path.GetFileName).Where(name => name is not ("bin" or "obj")),
            new MarkdownPage("docs/architecture.md").FirstColumn("Inside the engine"));

    [Theory]
    [InlineData("Monitors", typeof(MonitorsOptions))]
    [InlineData("Daemon", typeof(DaemonDefinition))]
    [InlineData("Dependencies", typeof(DaemonDependency))]
    [InlineData("Restart", typeof(RestartPolicy))]
    [InlineData("Health", typeof(HealthCheck))]
    [InlineData("Limits", typeof(CheckLimits))]
    [InlineData("User and limits", typeof(ResourceLimits))]
    [InlineData("RestartOnChange", typeof(RestartOnChange))]
    [InlineData("Probe", typeof(ProbePolicy))]
    [InlineData("Log", typeof(LogPolicy))]
    public void ConfigurationTable_OnItsPage_HasEveryKeyAndItsDefault(string heading, Type type)
    {
        AssertSame(Settable(type).Select(p => p.Name), Configuration.FirstColumn(heading), heading);
        var defaults = Activator.CreateInstance(type)!;
        foreach (var row in Configuration.Rows(heading))
        {
            var property = type.GetProperty(row[0].Trim('`'))!;
            var shown = row[2].Split(';')[0].Trim('`');
            (object Expected, object Shown)? compared = property.GetValue(defaults) switch
            {
                TimeSpan time => (time, TimeSpan.Parse(shown, CultureInfo.InvariantCulture)),
                0 => ("none", shown),
                IConvertible value => (value.ToString(CultureInfo.InvariantCulture).ToLowerInvariant(), shown.ToLowerInvariant()),
                _ => null,
            };
            Assert.True(
                compared is not { } pair || pair.Expected.Equals(pair.Shown),
                $"the default of {heading}:{property.Name} is {compared?.Expected}, and the page says {shown}");
        }
    }

    private static IEnumerable<(string Place, string Body)> Bodies(string path) =>
        from block in new MarkdownPage(path).Blocks
        where block.Language == "sh"
        from command in block.Commands()
        from words in ShellLine.Commands(command.Command)
        where words.Contains("PUT") && words.Contains("-d")
        select (block.Place, words[words.ToList().IndexOf("-d") + 1]);

    private static void AssertKeys(string place, JsonElement element, Type type)
    {
        if (element.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in element.EnumerateArray())
            {
                AssertKeys(place, item, type.GetGenericArguments()[0]);
            }
        }
        else if (element.ValueKind == JsonValueKind.Object && !type.IsGenericType)
        {
            foreach (var key in element.EnumerateObject())
            {
                var property = Settable(type).FirstOrDefault(p => string.Equals(p.Name, key.Name, StringComparison.OrdinalIgnoreCase));
                Assert.True(property is not null, $"{place}: {type.Name} has no key {key.Name}");
                AssertKeys(place, key.Value, property.PropertyType);
            }
        }
    }

    private static IEnumerable<PropertyInfo> Settable(Type type) => type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.CanWrite);

    private static IEnumerable<T> Constants<T>(Type type) =>
        type.GetFields(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static).Where(f => f.IsLiteral).Select(f => (T)f.GetRawConstantValue()!);

    private static void AssertSame<T>(IEnumerable<T> code, IEnumerable<T> documented, string what = "") =>
        Assert.Equal($"{what}: {string.Join(", ", code.Order())}", $"{what}: {string.Join(", ", documented.Order())}");

    /// <summary>What the real command line says against the arguments, or <see langword="null"/>.</summary>
    private static string? Wrong(IReadOnlyList<string> arguments) => UsageErrors.Find(Root().Parse(arguments, MonitorProgram.Parsing));

    private static RootCommand Root()
    {
        using var console = new CliConsole(TextWriter.Null, TextWriter.Null, TerminalTraits.Of(isRedirected: true), TerminalTraits.Of(isRedirected: true));
        using var interrupts = new Interrupts(CancellationToken.None);
        return MonitorCommand.Create(new CliContext(console), interrupts);
    }
}
