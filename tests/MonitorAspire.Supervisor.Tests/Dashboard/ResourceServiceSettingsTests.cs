using Microsoft.Extensions.Configuration;
using MonitorAspire.Supervisor.Settings;

namespace MonitorAspire.Supervisor.Tests.Dashboard;

public class ResourceServiceSettingsTests
{
    private const string Key = "0123456789abcdef";

    [Theory]
    [InlineData(null)]
    [InlineData(" ")]
    public void Read_WithoutAUrl_IsNoService(string? url) => Assert.Null(Read(url, null));

    [Theory]
    [InlineData("http://127.0.0.1:18890", "http://127.0.0.1:18890")]
    [InlineData("http://localhost:18890/", "http://127.0.0.1:18890")]
    [InlineData("http://[::1]:18890", "http://[::1]:18890")]
    public void Read_ALoopbackUrl_IsTaken(string url, string expected) => Assert.Equal(expected, Read(url, Key)!.Url);

    [Theory]
    [InlineData("http://0.0.0.0:18890")]
    [InlineData("http://192.168.1.2:18890")]
    [InlineData("http://example.com:18890")]
    [InlineData("https://127.0.0.1:18890")]
    [InlineData("http://127.0.0.1:18890/path")]
    [InlineData("18890")]
    public void Read_AnyOtherUrl_IsRefusedByName(string url)
    {
        var refused = Assert.Throws<ConfigurationException>(() => Read(url, Key));

        Assert.Contains(ResourceServiceSettings.UrlVariable, refused.Message, StringComparison.Ordinal);
        Assert.Contains(url, refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    public void Read_UrlWithoutKey_IsRefused(string? key)
        => Assert.Contains(ResourceServiceSettings.ApiKeyVariable, Assert.Throws<ConfigurationException>(() => Read("http://127.0.0.1:18890", key)).Message, StringComparison.Ordinal);

    [Fact]
    public void Read_AKeyThatCanBeGuessed_IsRefusedAndNotShown()
    {
        var refused = Assert.Throws<ConfigurationException>(() => Read("http://127.0.0.1:18890", "hunter2"));

        Assert.Contains(ResourceServiceSettings.ApiKeyVariable, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", refused.Message, StringComparison.Ordinal);
    }

    private static ResourceServiceSettings? Read(string? url, string? key) => ResourceServiceSettings.Read(
        new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            [ResourceServiceSettings.UrlVariable] = url,
            [ResourceServiceSettings.ApiKeyVariable] = key,
        }).Build());
}
