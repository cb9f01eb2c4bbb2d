using MonitorAspire.Supervision.Daemons;

namespace MonitorAspire.Supervision.Tests.Fleet;

public sealed class SecretsTests
{
    private static readonly DaemonDefinition Stored = new()
    {
        Port = 9000,
        Environment = new Dictionary<string, string?> { ["DB_PASSWORD"] = "hunter2-and-more", ["PLAIN"] = "marked-value", ["OPEN"] = "shown", ["MY_KEY"] = "" },
        SecretEnvironment = ["PLAIN"],
        Arguments = ["--api-key", "abcdef", "--token=ghijkl", "--verbose", "postgres://joe:s3cret@db/x", "prefix marked-value suffix", "--keyboard", "--x"],
    };

    [Fact]
    public void Of_SameSpecification_AreFoundOnce()
    {
        var spec = DefinitionMapper.ToSpec(Stored);

        Assert.Same(Secrets.Of(spec), Secrets.Of(spec));
        Assert.Equal("***", Secrets.Of(spec with { Environment = new Dictionary<string, string?> { ["MY_TOKEN"] = "another-value" } }).HideIn("another-value"));
    }

    [Fact]
    public void HideIn_Environment_MasksMarkedOnesAndThoseThatLookSecret() =>
        Assert.Equal(
            new Dictionary<string, string?> { ["DB_PASSWORD"] = "***", ["PLAIN"] = "***", ["OPEN"] = "shown", ["MY_KEY"] = "" },
            Secrets.Of(Stored).HideIn(Stored.Environment));

    [Fact]
    public void HideInArguments_ByNameByValueAndInAUrl_AreMasked() =>
        Assert.Equal(
            ["--api-key", "***", "--token=***", "--verbose", "postgres://joe:***@db/x", "prefix *** suffix", "--keyboard", "--x"],
            Secrets.Of(Stored).HideInArguments([.. Stored.Arguments]));

    [Theory]
    [InlineData("amqp+ssl://u:p@h and https://v:q@i", "amqp+ssl://u:***@h and https://v:q@i")]
    [InlineData("9z://:p:q@h", "9z://:***@h")]
    [InlineData("https://host/a:b@c", "https://host/a:b@c")]
    [InlineData("https://u@h:8080/x@y https://u:p@h", "https://u@h:8080/x@y https://u:***@h")]
    [InlineData("https://u:@h", "https://u:@h")]
    [InlineData("https://u:p q@h", "https://u:p q@h")]
    public void HideByName_Url_MasksThePassword(string argument, string expected) => Assert.Equal([expected], Secrets.HideByName([argument]));

    // A time that grows with the square of the length would be hours.
    [Fact]
    public void HideByName_LongArgument_ComesToAnEnd()
    {
        var text = string.Concat(Enumerable.Repeat("http", 500_000)) + "://" + string.Concat(Enumerable.Repeat("://", 200_000));
        Assert.Equal([text], Secrets.HideByName([text]));
    }

    [Theory]
    [InlineData("cannot log in with hunter2-and-more!", "cannot log in with ***!")]
    [InlineData("abcdef ghijkl", "*** ***")]
    [InlineData("shown", "shown")]
    public void HideIn_Text_MasksValues(string text, string expected) => Assert.Equal(expected, Secrets.Of(Stored).HideIn(text));

    [Fact]
    public void HideIn_ShortValueThatLooksSecret_IsNotMaskedInText() =>
        Assert.Equal("one of 3", Secrets.Of(new DaemonDefinition { Environment = new Dictionary<string, string?> { ["KEYS"] = "3" } }).HideIn("one of 3"));

    [Fact]
    public void Restore_MaskedDefinitionIsSentBackWithAnotherArgumentInFront_KeepsTheStoredValues()
    {
        var secrets = Secrets.Of(Stored);
        var sent = Stored with
        {
            Environment = secrets.HideIn(Stored.Environment),
            Arguments = ["--new", .. secrets.HideInArguments([.. Stored.Arguments])],
        };
        Assert.Empty(Secrets.Restore(sent, Stored));
        Assert.Equal(Stored.Environment, sent.Environment);
        Assert.Equal(["--new", .. Stored.Arguments], sent.Arguments);
    }

    [Fact]
    public void Restore_MasksWithoutAStoredValue_AreNamed()
    {
        var sent = new DaemonDefinition
        {
            Environment = new Dictionary<string, string?> { ["NEW_TOKEN"] = "***", ["STARS"] = "***" },
            Arguments = ["--secret", "***", "***"],
        };
        Assert.Equal(["environment.NEW_TOKEN", "arguments.1"], Secrets.Restore(sent, Stored));
        Assert.Equal("***", sent.Environment["STARS"]);
    }
}
