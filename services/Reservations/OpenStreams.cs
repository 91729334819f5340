using Microsoft.Extensions.Hosting;

namespace Metering.Reservations;

/// <summary>Calls that stay open until someone ends them: the caller, or this service when it stops: they would hold up its end.</summary>
internal sealed class OpenStreams(IHostApplicationLifetime lifetime)
{
    /// <summary>Runs a call; the token it is given ends with the call and when the service stops.</summary>
    /// <exception cref="StoppingException">The service stops.</exception>
    public async Task Run(Func<CancellationToken, Task> stream, CancellationToken call)
    {
        using var open = CancellationTokenSource.CreateLinkedTokenSource(call, lifetime.ApplicationStopping);
        try
        {
            await stream(open.Token);
        }
        catch (Exception ended) when (call.IsCancellationRequested && ended is (OperationCanceledException or IOException))
        {
            // the caller left: nobody is there to tell, and it is no failure to log
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            throw new StoppingException();
        }
    }
}

/// <summary>This service stops, so what was open ends.</summary>
internal sealed class StoppingException() : Exception("the service is stopping: open it again a little later");
