using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.DependencyInjection;
using MonitorAspire.Supervision.Daemons;

namespace MonitorAspire.Hosting.Supervision;

/// <summary>What a person can ask of a supervised resource in the dashboard, besides starting and stopping it.</summary>
internal static class SupervisionCommands
{
    internal const string Diagnose = "diagnose";
    internal const string ResetCrashLoop = "reset-crash-loop";

    internal static IResourceBuilder<T> WithSupervisionCommands<T>(this IResourceBuilder<T> builder, string daemon)
        where T : IResource => builder
        .WithCommand(
            Diagnose,
            "Diagnose",
            async context =>
            {
                try
                {
                    var markdown = await context.Services.GetRequiredService<SupervisorClient>().DiagnoseAsync(daemon, context.CancellationToken).ConfigureAwait(false);
                    return CommandResults.Success($"Diagnosis of {daemon}", markdown, CommandResultFormat.Markdown, displayImmediately: true);
                }
                catch (Exception e) when (e is HttpRequestException or IOException)
                {
                    return CommandResults.Failure(e.Message);
                }
            },
            new CommandOptions
            {
                Description = "What the supervisor knows of this daemon: its checks, who owns its port, why it failed last, and what to do.",
                IconName = "Stethoscope",
                // Also, and above all, of one that does not run.
                UpdateState = static _ => ResourceCommandState.Enabled,
            })
        .WithCommand(
            ResetCrashLoop,
            "Reset crash loop",
            async context =>
            {
                try
                {
                    await context.Services.GetRequiredService<SupervisorClient>().ResetAsync(daemon, context.CancellationToken).ConfigureAwait(false);
                    return CommandResults.Success($"The failures of {daemon} are forgotten; it is started now");
                }
                catch (Exception e) when (e is HttpRequestException or IOException)
                {
                    return CommandResults.Failure(e.Message);
                }
            },
            new CommandOptions
            {
                Description = "Forgets the failures so far and starts the daemon at once.",
                IconName = "ArrowReset",
                UpdateState = context => context.Services.GetRequiredService<DaemonBoard>().Find(daemon)?.State is DaemonState.CrashLooping or DaemonState.Backoff
                    ? ResourceCommandState.Enabled
                    : ResourceCommandState.Hidden,
            });
}
