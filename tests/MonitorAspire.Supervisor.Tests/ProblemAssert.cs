using System.Net;
using System.Text.Json;

namespace MonitorAspire.Supervisor.Tests;

/// <summary>Asserts that an error is a problem of RFC 9457.</summary>
internal static class ProblemAssert
{
    public static async Task<string> IsAsync(HttpResponseMessage response, HttpStatusCode status)
    {
        var body = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == status, $"{(int)response.StatusCode} and not {(int)status}: {body}");
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        using var json = JsonDocument.Parse(body);
        Assert.Equal((int)status, json.RootElement.GetProperty("status").GetInt32());
        Assert.NotEmpty(json.RootElement.GetProperty("title").GetString()!);
        return json.RootElement.TryGetProperty("detail", out var detail) ? detail.GetString()! : "";
    }
}
