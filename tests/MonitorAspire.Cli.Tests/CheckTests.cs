namespace MonitorAspire.Cli.Tests;

/// <summary><c>monitor check</c> is the dry run: all errors and exit code 2, or the daemons and exit code 0. It leaves nothing behind.</summary>
public sealed class CheckTests : IAsyncDisposable
{
    private readonly CliFixture _cli = new();

    public ValueTask DisposeAsync() => _cli.DisposeAsync();

    [Fact]
    public async Task Check_RightFile_ListsTheDaemonsAndTheirOrder()
    {
        var check = await CheckAsync("""
            { "$schema": "./monitors.schema.json",
              // Comments are fine.
              "Monitors": { "Daemons": [
                { "Name": "api", "Port": 9002, "DependsOn": [ { "Name": "redis" } ] },
                { "Name": "redis", "Port": 9001, "Command": "redis-server", "Health": { "Kind": "Tcp" }, "AutoStart": false } ] } }
            """);

        Assert.Equal((0, ""), (check.ExitCode, check.Error));
        Assert.Equal([$"{_cli["fleet.json"]} is right. Daemons: 2", "  api: port 9002, after redis", "  redis: port 9001, not started with the fleet"], Lines(check.Out));
        Assert.False(Directory.Exists(_cli.StateDirectory));
    }

    [Fact]
    public async Task Check_SeveralErrors_SaysAllOfThem()
    {
        var check = await CheckAsync("""
            { "Monitors": { "StartTimeout": "soon", "Daemons": [
              { "Name": "a b", "Port": "x", "HealthPth": "/" },
              { "Name": "c", "Port": 9001, "Restart": { "Mode": "Sometimes" } } ] } }
            """);

        var file = _cli["fleet.json"];
        Assert.Equal((2, ""), (check.ExitCode, check.Out));
        Assert.Equal(
            [
                $"{file}: Monitors:Daemons:0:HealthPth: is not a setting; did you mean 'HealthPath'?",
                $"{file}: Monitors:Daemons:0:Name: name 'a b' is not made of letters, digits, '-', '_' and '.', at most 64 and starting with a letter or digit",
                $"{file}: Monitors:Daemons:0:Port: 'x' is not a whole number",
                $"{file}: Monitors:Daemons:1:Restart:Mode: 'Sometimes' is not one of OnFailure, Always, Never",
                $"{file}: Monitors:StartTimeout: 'soon' is not a time like 00:00:30",
            ],
            Lines(check.Error).Order());
    }

    [Theory]
    [InlineData("""{"Monitors":{"Daemons":[{"Name":"a","Port":1,"DependsOn":[{"Name":"b"}]},{"Name":"b","Port":2,"DependsOn":[{"Name":"a"}]}]}}""", "Monitors:Daemons:0:DependsOn: the daemons wait for each other in a circle: a -> b -> a")]
    [InlineData("""{"Monitors":{"Daemons":[{"Name":"a","Port":1,"DependsOn":[{"Name":"b"}]}]}}""", "Monitors:Daemons:0:DependsOn: there is no daemon 'b' in this fleet")]
    [InlineData("""{"Monitors":{"Daemons":[{"Name":"a","Port":1,"DependsOn":[{"Name":"b","Condition":"Healthy"}]},{"Name":"b","Port":2}]}}""", "Condition: 'Healthy' is not one of Verified, Started")]
    [InlineData("""{"Monitors":{"Daemons":[{"Name":"a","Port":8760}]}}""", "port 8760 is used by the supervisor's REST API and by a daemon ('a')")]
    [InlineData("""{"Monitor":{}}""", "there is no section 'Monitors'")]
    [InlineData("""{"Monitors":""", "not JSON at line 1")]
    public async Task Check_WrongFile_IsOneLineAndUsage(string content, string expected)
    {
        var check = await CheckAsync(content);

        Assert.Equal(2, check.ExitCode);
        Assert.Contains(expected, Assert.Single(Lines(check.Error)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_MissingFile_SaysSo()
    {
        var check = await _cli.RunAsync("check", _cli["none.json"]);

        Assert.Equal(2, check.ExitCode);
        Assert.Contains("there is no such file", check.Error, StringComparison.Ordinal);
    }

    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private async Task<CliResult> CheckAsync(string content)
    {
        await File.WriteAllTextAsync(_cli["fleet.json"], content, TestContext.Current.CancellationToken);
        return await _cli.RunAsync("check", _cli["fleet.json"]);
    }
}
