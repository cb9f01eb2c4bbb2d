namespace MonitorAspire.ServiceDefaults;

/// <summary>How a service ends whose collector may be gone or hang.</summary>
public static class LastTelemetry
{
    /// <summary>
    /// How long the last telemetry may take to reach its collector: 2 seconds. The exporters' own limits add up to far more, and a service
    /// that takes that long to end looks as if it did not.
    /// </summary>
    public static TimeSpan Limit { get; } = TimeSpan.FromSeconds(2);

    /// <summary>Disposes of an application that has stopped. What it could not send within <see cref="Limit"/> is lost.</summary>
    /// <param name="app">The application. The process is to end after this.</param>
    public static async Task SendAndDisposeAsync(this IAsyncDisposable app)
    {
        ArgumentNullException.ThrowIfNull(app);

        // On another thread: exporters wait without giving theirs back.
        var disposing = Task.Run(async () => await app.DisposeAsync().ConfigureAwait(false));
        try
        {
            await disposing.WaitAsync(Limit).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // Nobody took it in time.
        }
    }
}
