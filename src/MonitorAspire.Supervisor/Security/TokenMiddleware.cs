using MonitorAspire.Supervision.Launcher;
using MonitorAspire.Supervisor.Web;

namespace MonitorAspire.Supervisor.Security;

/// <summary>GET and HEAD need no token, except at endpoints with <see cref="NeedsToken"/>. Every other request needs it, also one for an
/// unknown path. A launcher shows a proof that it knows the token, and gets the supervisor's.</summary>
internal static class TokenMiddleware
{
    private const string Scheme = "Bearer ";
    private const string ProofScheme = LauncherProof.Scheme + " ";
    private static readonly object HasTokenKey = new();

    internal static void UseToken(this WebApplication app, SupervisorToken token) => app.Use((context, next) =>
    {
        if (IsShown(context.Request, token) || IsProved(context, token))
        {
            context.Items[HasTokenKey] = true;
        }
        else if (IsNeeded(context))
        {
            context.Response.Headers.WWWAuthenticate = "Bearer realm=\"monitor-aspire-supervisor\"";
            return Problems.Write(
                context, StatusCodes.Status401Unauthorized, $"This needs the header 'Authorization: Bearer TOKEN'; the token is in {token.FilePath}.");
        }

        return next(context);
    });

    internal static bool HasToken(this HttpContext context) => context.Items.ContainsKey(HasTokenKey);

    private static bool IsNeeded(HttpContext context)
        => !(HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method))
            || context.GetEndpoint()?.Metadata.GetMetadata<NeedsToken>() is not null;

    private static bool IsShown(HttpRequest request, SupervisorToken token)
        => request.Headers.Authorization is [{ } header] && header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) && token.Matches(header[Scheme.Length..].Trim());

    private static bool IsProved(HttpContext context, SupervisorToken token)
    {
        var request = context.Request;
        if (request.Headers.Authorization is not [{ } header] || !header.StartsWith(ProofScheme, StringComparison.OrdinalIgnoreCase)
            || request.Headers[LauncherProof.ChallengeHeader] is not [{ Length: > 0 } challenge])
        {
            return false;
        }

        var proof = token.Proof(challenge, request.Method, request.Path);
        if (!LauncherProof.Equal(header[ProofScheme.Length..].Trim(), proof.OfLauncher))
        {
            return false;
        }

        context.Response.Headers[LauncherProof.AnswerHeader] = proof.OfSupervisor;
        return true;
    }
}

/// <summary>Metadata of an endpoint whose GET shows what daemons print or hold.</summary>
internal sealed class NeedsToken
{
    internal static NeedsToken Instance { get; } = new();
}
