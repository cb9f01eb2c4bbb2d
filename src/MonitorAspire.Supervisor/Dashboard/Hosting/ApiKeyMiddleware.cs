using System.Security.Cryptography;
using System.Text;

namespace MonitorAspire.Supervisor.Dashboard.Hosting;

/// <summary>Lets in whoever shows the key, for whatever method: what the service has no method for is nobody else's business either.</summary>
internal static class ApiKeyMiddleware
{
    /// <summary>The header that the dashboard sends.</summary>
    internal const string Header = "x-resource-service-api-key";

    internal static void UseApiKey(this WebApplication app, string apiKey)
    {
        // Digests, because a comparison in constant time still gives away the length.
        var expected = Digest(apiKey);
        app.Use((context, next) =>
        {
            if (context.Request.Headers[Header] is [{ } shown] && CryptographicOperations.FixedTimeEquals(Digest(shown), expected))
            {
                return next(context);
            }

            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return Task.CompletedTask;
        });
    }

    private static byte[] Digest(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
