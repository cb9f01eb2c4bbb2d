using System.Text.Json;
using System.Text.RegularExpressions;
using MonitorAspire.Testing;

namespace MonitorAspire.Cli.Tests.Documentation;

/// <summary>What the pages say about the supervisor's program: its options, and the requests of its REST API.</summary>
public sealed partial class DocumentedSupervisorTests : IAsyncDisposable
{
    private static readonly string Supervisor = Path.Combine(AppContext.BaseDirectory, "monitor-aspire-supervisor");

    private readonly CliFixture _fixture = new();

    public ValueTask DisposeAsync() => _fixture.DisposeAsync();

    [Fact]
    public async Task Options_InTheReference_AreThoseOfTheHelp()
    {
        await using var help = _fixture.Start(Supervisor, ["--help"], []);
        var result = await help.EndAsync();

        var known = OptionPattern().Matches(result.Out).Select(match => match.Groups[1].Value).Distinct();
        Assert.Equal(known.Order(StringComparer.Ordinal), new MarkdownPage("docs/reference.md").FirstColumn("The supervisor program").Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Requests_OfTheRestApi_AreThoseOfTheOpenApiDocument()
    {
        var port = FreePort.Next();
        await using var supervisor = _fixture.Start(Supervisor, ["--port", CliFixture.Text(port), "--Monitors:Daemons", ""], []);
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        using var document = JsonDocument.Parse(await AnswerAsync(client, "/openapi/v1.json"));

        var requests =
            from path in document.RootElement.GetProperty("paths").EnumerateObject()
            from method in path.Value.EnumerateObject()
            let needsToken = method.Value.TryGetProperty("security", out _)
            select $"{method.Name.ToUpperInvariant()} {path.Name} {(needsToken ? "yes" : "no")}";
        var documented = new MarkdownPage("docs/rest-api.md").Rows("Requests").Select(row => $"{row[0].Trim('`')} {row[2]}");
        Assert.Equal(requests.Order(StringComparer.Ordinal), documented.Order(StringComparer.Ordinal));
    }

    private static async Task<string> AnswerAsync(HttpClient client, string path)
    {
        var answer = "";
        await Wait.UntilAsync(
            async () =>
            {
                try
                {
                    answer = await client.GetStringAsync(path);
                    return true;
                }
                catch (HttpRequestException)
                {
                    return false;
                }
            },
            $"an answer on {path}");
        return answer;
    }

    [GeneratedRegex(@"^ +(?:-\w, )?(--[A-Za-z:-]+)", RegexOptions.Multiline)]
    private static partial Regex OptionPattern();
}
