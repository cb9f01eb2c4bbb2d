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
                { "Name": "redis", "Port": 9001, "Command": "sleep", "Health": { "Kind": "Tcp" }, "AutoStart": false } ] } }
            """);

        Assert.Equal((0, ""), (check.ExitCode, check.Error));
        Assert.Equal([$"{_cli["fleet.json"]} is right. Daemons: 2", "  api: port 9002, after redis", "  redis: port 9001, not started with the fleet"], Lines(check.Out));
        Assert.False(Directory.Exists(_cli.StateDirectory));
    }

    [Fact]
    public async Task Check_RightFileThatThisMachineCannotStart_SaysWhatIsMissingAndStaysRight()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "a user is for Linux");
        var check = await CheckAsync("""
            { "Monitors": { "Daemons": [
              { "Name": "command", "Port": 9001, "Command": "no-such-command-here" },
              { "Name": "directory", "Port": 9002, "Command": "sleep", "WorkingDirectory": "/no/such/directory" },
              { "Name": "user", "Port": 9003, "Command": "sleep", "User": "no-such-user" },
              { "Name": "group", "Port": 9004, "Command": "sleep", "Group": "no-such-group" },
              { "Name": "variables", "Port": 9005, "Command": "sleep", "EnvironmentFiles": ["/no/such/file.env"] },
              { "Name": "health", "Port": 9006, "Command": "sleep", "Health": { "Kind": "Command", "Command": "no-such-check" } },
              { "Name": "right", "Port": 9007, "Command": "sleep" } ] } }
            """);

        Assert.Equal(0, check.ExitCode);
        Assert.StartsWith($"{_cli["fleet.json"]} is right. Daemons: 7", check.Out);
        var file = $"{_cli["fleet.json"]}: ";
        Assert.Equal(
            [
                $"{file}command could not be started here and now: command-not-found: there is no command 'no-such-command-here' on the PATH",
                $"{file}directory could not be started here and now: invalid-configuration: the working directory /no/such/directory does not exist",
                $"{file}user could not be started here and now: invalid-configuration: there is no user 'no-such-user' on this machine",
                $"{file}group could not be started here and now: invalid-configuration: there is no group 'no-such-group' on this machine",
                $"{file}health could not be started here and now: command-not-found: the health check cannot be made: there is no command 'no-such-check' on the PATH",
            ],
            Lines(check.Error).Where(line => !line.Contains(": variables ", StringComparison.Ordinal)));
        Assert.Contains("/no/such/file.env does not exist", check.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_cli.StateDirectory));
    }

    [Fact]
    public async Task Check_SeveralErrors_SaysAllOfThem()
    {
        var check = await CheckAsync("""
            { "Monitors": { "StartTimeout": "soon", "Daemons": [
              { "Name": "a b", "Port": "x", "HealthPth": "/" },
              { "Name": "c", "Port": 9001, "Restart": { "Mode": "Sometimes" } },
              { "Name": "d" } ] } }
            """);

        var file = _cli["fleet.json"];
        Assert.Equal((2, ""), (check.ExitCode, check.Out));
        Assert.Equal(
            [
                $"{file}: Monitors:Daemons:0:HealthPth: is not a setting; did you mean 'HealthPath'?",
                $"{file}: Monitors:Daemons:0:Name: name 'a b' is not made of letters, digits, '-', '_' and '.', at most 64 and starting with a letter or digit",
                $"{file}: Monitors:Daemons:0:Port: 'x' is not a whole number",
                $"{file}: Monitors:Daemons:1:Restart:Mode: 'Sometimes' is not one of OnFailure, Always, Never",
                $"{file}: Monitors:Daemons:2:Port: the port that it listens on is missing (1-65535)",
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

    [Theory]
    [InlineData("""{"Monitors":[]}""", """Monitors: must be an object such as { "Count": … }""")]
    [InlineData("""{"Monitors":"x"}""", """Monitors: must be an object such as { "Count": … }""")]
    [InlineData("""{"Monitors":{"Count":{}}}""", "Monitors:Count: must be a whole number")]
    [InlineData("""{"Monitors":{"Restart":[]}}""", """Monitors:Restart: must be an object such as { "Mode": … }""")]
    [InlineData("""{"Monitors":{"Daemons":{}}}""", """Monitors:Daemons: must be a list of objects such as { "Name": … }""")]
    [InlineData("""{"Monitors":{"Daemons":{"Name":"a","Port":9001}}}""", """Monitors:Daemons: must be a list of objects such as { "Name": … }""")]
    [InlineData("""{"Monitors":{"Daemons":["a"]}}""", """Monitors:Daemons:0: must be an object such as { "Name": … }""")]
    [InlineData("""{"Monitors":{"Daemons":[["a"]]}}""", """Monitors:Daemons:0: must be an object such as { "Name": … }""")]
    public async Task Check_ValueOfAWrongShape_SaysWhichOneItMustHave(string content, string expected)
    {
        var check = await CheckAsync(content);

        Assert.Equal((2, "", $"{_cli["fleet.json"]}: {expected}"), (check.ExitCode, check.Out, check.Error));
    }

    [Theory]
    [InlineData("""  "DependsOn":["bad"]  """, """DependsOn:0: must be an object such as { "Name": … }""")]
    [InlineData("""  "DependsOn":"bad"  """, """DependsOn: must be a list of objects such as { "Name": … }""")]
    [InlineData("""  "DependsOn":{"Name":"bad"}  """, """DependsOn: must be a list of objects such as { "Name": … }""")]
    [InlineData("""  "Arguments":"100"  """, "Arguments: must be a list of texts")]
    [InlineData("""  "Arguments":100  """, "Arguments: must be a list of texts")]
    [InlineData("""  "Arguments":{"0":"x"}  """, "Arguments: must be a list of texts")]
    [InlineData("""  "Arguments":["a",{"b":"c"}]  """, "Arguments:1: must be a text")]
    [InlineData("""  "EnvironmentFiles":"x.env"  """, "EnvironmentFiles: must be a list of texts")]
    [InlineData("""  "EnvironmentFiles":""  """, "EnvironmentFiles: must be a list of texts")]
    [InlineData("""  "Environment":["A=b"]  """, """Environment: must be an object such as { "NAME": "value" }""")]
    [InlineData("""  "Environment":{"A":["b"]}  """, "Environment:A: must be a text")]
    [InlineData("""  "Health":"Tcp"  """, """Health: must be an object such as { "Kind": … }""")]
    [InlineData("""  "Health":["Tcp"]  """, """Health: must be an object such as { "Kind": … }""")]
    [InlineData("""  "Health":{"Statuses":200}  """, "Health:Statuses: must be a list of numbers")]
    [InlineData("""  "Command":{}  """, "Command: must be a text")]
    [InlineData("""  "Command":["sleep","100"]  """, "Command: must be a text")]
    [InlineData("""  "AutoStart":[true]  """, "AutoStart: must be true or false")]
    [InlineData("""  "StopMode":{"a":1}  """, "StopMode: must be one of ")]
    public async Task Check_ValueOfADaemonOfAWrongShape_SaysWhichOneItMustHave(string value, string expected)
    {
        var check = await CheckAsync($$"""{"Monitors":{"Daemons":[{"Name":"a","Port":9001,{{value}} } ] } }""");

        Assert.Equal((2, ""), (check.ExitCode, check.Out));
        Assert.StartsWith($"{_cli["fleet.json"]}: Monitors:Daemons:0:{expected}", Assert.Single(Lines(check.Error)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_MissingFile_SaysSo() => (await _cli.RunAsync("check", _cli["none.json"])).AssertOneLine(2, $"monitor: {_cli["none.json"]}: there is no such file");

    [Theory]
    [InlineData("check")]
    [InlineData("up", "--config")]
    public async Task File_IsNoRegularFile_IsRefusedAtOnce(params string[] command)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such files");
        using (var make = System.Diagnostics.Process.Start("mkfifo", [_cli["pipe"]]))
        {
            await make.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        File.CreateSymbolicLink(_cli["link"], "pipe");
        foreach (var file in (string[])[_cli["pipe"], _cli["link"], "/dev/zero", "/"])
        {
            (await _cli.RunAsync([.. command, file])).AssertOneLine(2, $"monitor: {file}: it is no regular file");
        }

        Assert.False(Directory.Exists(_cli.StateDirectory));
    }

    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private async Task<CliResult> CheckAsync(string content)
    {
        await File.WriteAllTextAsync(_cli["fleet.json"], content, TestContext.Current.CancellationToken);
        return await _cli.RunAsync("check", _cli["fleet.json"]);
    }
}
