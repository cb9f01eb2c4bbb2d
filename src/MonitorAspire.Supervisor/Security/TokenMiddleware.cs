using MonitorAspire.Supervisor.Rest;

namespace MonitorAspire.Supervisor.Security;

/// <summary>Whatever is not a mere look needs the token, whether there is such a path or not.</summary>
internal static class TokenMiddleware
{
    private const string Scheme = "Bearer ";

    internal static void UseToken(this WebApplication app, SupervisorToken token) => app.Use((context, next) =>
    {
        if (IsMereLook(context) || IsAuthorized(context.Request, token))
        {
            return next(context);
        }

        context.Response.Headers.WWWAuthenticate = "Bearer realm=\"monitor-aspire-supervisor\"";
        return Problems.Write(
            context, StatusCodes.Status401Unauthorized, $"This needs the header 'Authorization: Bearer TOKEN'; the token is in {token.FilePath}.");
    });

    private static bool IsMereLook(HttpContext context)
        => (HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method))
            && context.GetEndpoint()?.Metadata.GetMetadata<NeedsToken>() is null;

    private static bool IsAuthorized(HttpRequest request, SupervisorToken token)
        => request.Headers.Authorization is [{ } header] && header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) && token.Matches(header[Scheme.Length..].Trim());
}

/// <summary>On an endpoint that shows what not everybody on this machine may see.</summary>
internal sealed class NeedsToken
{
    internal static NeedsToken Instance { get; } = new();
}
