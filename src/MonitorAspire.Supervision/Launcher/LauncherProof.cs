using System.Security.Cryptography;
using System.Text;

namespace MonitorAspire.Supervision.Launcher;

/// <summary>
/// How a launcher and its supervisor prove to each other that both know the token of this run, without sending it: another program may
/// listen on the port. The launcher sends a random challenge and its proof for this request. The supervisor answers with its own proof.
/// </summary>
/// <param name="token">The token of this run.</param>
/// <param name="challenge">Random text, new for each request.</param>
/// <param name="method">The HTTP method.</param>
/// <param name="path">The path of the request.</param>
internal sealed class LauncherProof(string token, string challenge, string method, string path)
{
    /// <summary>The request's header with the challenge.</summary>
    internal const string ChallengeHeader = "Monitor-Challenge";

    /// <summary>The response's header with the proof of the supervisor.</summary>
    internal const string AnswerHeader = "Monitor-Proof";

    /// <summary>The scheme of the header <c>Authorization</c>, before the proof of the launcher.</summary>
    internal const string Scheme = "Monitor-Proof";

    internal string OfLauncher => Sign("launcher");

    internal string OfSupervisor => Sign("supervisor");

    internal static string NewChallenge() => RandomNumberGenerator.GetHexString(32, lowercase: true);

    /// <summary>Compares two proofs. The time tells nothing about them.</summary>
    internal static bool Equal(string one, string other) => CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(one), Encoding.UTF8.GetBytes(other));

    // The two sides sign different texts, so that no side can send back what it got.
    private string Sign(string side)
        => Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(token), Encoding.UTF8.GetBytes($"{side} {method} {path} {challenge}")));
}
