using MonitorAspire.Hosting.Configuration;

namespace MonitorAspire.Hosting.Tests;

public class ResourceNameTests
{
    [Theory]
    [InlineData("monitor-8768", "monitor-8768")]
    [InlineData("search.index_2", "search-index-2")]
    [InlineData("8768", "monitor-8768")]
    public void For_DaemonName_IsANameThatAspireTakes(string daemon, string resource)
        => Assert.Equal(resource, ResourceName.For(daemon));
}
