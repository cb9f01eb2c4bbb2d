using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using MonitorAspire.Testing;

namespace MonitorAspire.ServiceDefaults.Tests;

public class DefaultEndpointsTests
{
    [Theory]
    [InlineData("Production")]
    [InlineData("Development")]
    public async Task Map_AnyEnvironment_AnswersHealthAndAlive(string environment)
    {
        await using var service = await StartAsync(environment);
        using var client = Client(service);

        Assert.Equal("Healthy", await client.GetStringAsync("/health"));
        Assert.Equal("Healthy", await client.GetStringAsync("/alive"));
    }

    [Fact]
    public async Task Map_CheckFails_IsUnhealthyButAlive()
    {
        await using var service = await StartAsync(configure: b => b.Services.AddHealthChecks().AddCheck("disk", () => HealthCheckResult.Unhealthy()));
        using var client = Client(service);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await client.GetAsync("/health")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/alive")).StatusCode);
    }

    [Fact]
    public async Task Map_OwnWriter_WritesTheBody()
    {
        await using var service = await StartAsync(writer: (context, report) => context.Response.WriteAsync($"own: {report.Status}"));
        using var client = Client(service);

        Assert.Equal("own: Healthy", await client.GetStringAsync("/health"));
    }

    private static async Task<WebApplication> StartAsync(
        string environment = "Production", Action<WebApplicationBuilder>? configure = null, Func<HttpContext, HealthReport, Task>? writer = null)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { EnvironmentName = environment });
        builder.AddServiceDefaults();
        builder.Logging.ClearProviders();
        configure?.Invoke(builder);
        var app = builder.Build();
        app.MapDefaultEndpoints(writer);
        app.Urls.Add($"http://127.0.0.1:{FreePort.Next()}");
        await app.StartAsync();
        return app;
    }

    private static HttpClient Client(WebApplication app) => new() { BaseAddress = new Uri(app.Urls.First()) };
}
