using System.Net;
using System.Text.Json;

namespace MonitorAspire.Supervisor.Tests.Rest;

public class SecretTests
{
    private const string Definition = """
        {"port": 9100, "environment": {"DB_PASSWORD": "hunter2", "api_key": "hunter2", "ConnectionStrings__Db": "hunter2", "EMPTY_TOKEN": "", "MODE": "fast"}}
        """;

    [Fact]
    public async Task GetDefinition_VariablesThatLookLikeSecrets_AreMasked()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();
        await supervisor.SendAsync(HttpMethod.Put, "/api/daemons/web", Definition);

        var text = await supervisor.GetStringAsync("/api/daemons/web/definition");

        Assert.DoesNotContain("hunter2", text, StringComparison.Ordinal);
        var environment = Environment(text);
        Assert.Equal(("***", "***", "***", "", "fast"), (
            environment.GetProperty("DB_PASSWORD").GetString(),
            environment.GetProperty("api_key").GetString(),
            environment.GetProperty("ConnectionStrings__Db").GetString(),
            environment.GetProperty("EMPTY_TOKEN").GetString(),
            environment.GetProperty("MODE").GetString()));
    }

    [Fact]
    public async Task PutDefinition_MaskedValues_KeepTheStoredSecrets()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();
        await supervisor.SendAsync(HttpMethod.Put, "/api/daemons/web", Definition);
        using var read = JsonDocument.Parse(await supervisor.GetStringAsync("/api/daemons/web/definition"));

        var response = await supervisor.SendAsync(
            HttpMethod.Put, "/api/daemons/web", read.RootElement.GetProperty("definition").GetRawText().Replace("fast", "slow", StringComparison.Ordinal));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var environment = supervisor.Fleet.Specs.Single(s => s.Name == "web").Environment;
        Assert.Equal(("hunter2", "hunter2", "slow"), (environment["DB_PASSWORD"], environment["api_key"], environment["MODE"]));
    }

    [Theory]
    [InlineData("DB_PASSWORD", HttpStatusCode.BadRequest)]
    [InlineData("MODE", HttpStatusCode.Created)]
    public async Task PutDefinition_MaskWithoutAStoredValue_IsAnErrorForSecretsOnly(string name, HttpStatusCode expected)
    {
        await using var supervisor = await RunningSupervisor.StartAsync();

        var response = await supervisor.SendAsync(HttpMethod.Put, "/api/daemons/web", $$$"""{"port": 9100, "environment": {"{{{name}}}": "***"}}""");

        Assert.Equal(expected, response.StatusCode);
        if (expected == HttpStatusCode.BadRequest)
        {
            Assert.Contains("environment.DB_PASSWORD", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
    }

    private static JsonElement Environment(string text) => JsonDocument.Parse(text).RootElement.GetProperty("definition").GetProperty("environment");
}
