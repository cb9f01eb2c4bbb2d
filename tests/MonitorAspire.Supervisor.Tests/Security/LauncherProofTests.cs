using System.Net;
using System.Net.Http.Headers;
using MonitorAspire.Supervision.Launcher;

namespace MonitorAspire.Supervisor.Tests.Security;

/// <summary>A launcher and its supervisor prove to each other that they know the token, without sending it.</summary>
public sealed class LauncherProofTests
{
    [Fact]
    public async Task Request_WithAProof_IsAllowedAndAnsweredWithTheSupervisorsOwn()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();
        var proof = new LauncherProof(supervisor.Token, "challenge", "POST", "/api/daemons/alpha/stop");

        var response = await SendAsync(supervisor, proof.OfLauncher);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(proof.OfSupervisor, Assert.Single(response.Headers.GetValues(LauncherProof.AnswerHeader)));
        Assert.NotEqual(proof.OfLauncher, proof.OfSupervisor);
    }

    [Theory]
    [InlineData("ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", "POST", "/api/daemons/alpha/stop")]
    [InlineData(null, "GET", "/api/daemons/alpha/stop")]
    [InlineData(null, "POST", "/api/daemons/alpha/start")]
    public async Task Request_WithAProofForAnotherTokenOrRequest_IsRefusedAndNotAnswered(string? token, string method, string path)
    {
        await using var supervisor = await RunningSupervisor.StartAsync();

        var response = await SendAsync(supervisor, new LauncherProof(token ?? supervisor.Token, "challenge", method, path).OfLauncher);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.False(response.Headers.Contains(LauncherProof.AnswerHeader));
        Assert.Empty(supervisor.Fleet.Calls);
    }

    private static Task<HttpResponseMessage> SendAsync(RunningSupervisor supervisor, string proof)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/api/daemons/alpha/stop");
        request.Headers.Add(LauncherProof.ChallengeHeader, "challenge");
        request.Headers.Authorization = new AuthenticationHeaderValue(LauncherProof.Scheme, proof);
        return supervisor.Client.SendAsync(request);
    }
}
