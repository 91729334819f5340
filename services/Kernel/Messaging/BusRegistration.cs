using MassTransit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Metering.Kernel.Messaging;

/// <summary>The one place that adds the bus.</summary>
public static class BusRegistration
{
    /// <summary>The name of the bus's health check, tagged <c>ready</c>.</summary>
    public const string Health = "bus";

    private static readonly TimeSpan StopsWithin = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Adds the bus that the setting <c>Bus</c> names: <c>memory</c> (the default; what it holds is gone with the process) or
    /// <c>amqp://user:password@host:port/vhost</c>, a RabbitMQ broker: durable exchanges, quorum queues, confirmed publishes. The process
    /// starts while the broker is away; the bus connects once it is there, and the health check <c>bus</c> says how it stands.
    /// </summary>
    /// <param name="consumers">Adds what this process consumes; none = it only publishes.</param>
    /// <exception cref="InvalidOperationException">The setting is neither.</exception>
    public static IServiceCollection AddBus(
        this IServiceCollection services, IConfiguration configuration, Action<IBusRegistrationConfigurator>? consumers = null)
    {
        var broker = BrokerAddress.Of(configuration);
        if (broker is not null) services.AddSingleton(broker);
        services.AddOptions<MassTransitHostOptions>().Configure(host => host.StopTimeout = StopsWithin);
        return services.AddMassTransit(bus =>
        {
            // the library would post what it finds out about its use to its vendor
            bus.DisableUsageTelemetry();
            bus.ConfigureHealthCheckOptions(check => check.Name = Health);
            consumers?.Invoke(bus);
            if (broker is null) bus.UsingInMemory((context, memory) => memory.ConfigureEndpoints(context));
            else bus.Use(broker);
        });
    }

    private static void Use(this IBusRegistrationConfigurator bus, BrokerAddress broker)
    {
        bus.AddConfigureEndpointsCallback((_, _, endpoint) => KeepWhatArrives(endpoint));
        bus.UsingRabbitMq((context, rabbit) =>
        {
            rabbit.Host(broker.Host, broker.Port, broker.VirtualHost, AppDomain.CurrentDomain.FriendlyName, host =>
            {
                host.Username(broker.User);
                host.Password(broker.Password);
                host.PublisherConfirmation = true;
            });
            rabbit.AutoStart = true; // else a process that only publishes connects, and tells its health, with its first message
            rabbit.ConfigureEndpoints(context);
        });
    }

    // the error queue of an endpoint takes its arguments from the endpoint's queue: a quorum queue too. Newer brokers drop what was
    // delivered twenty times, also to an operator who only looked.
    private static void KeepWhatArrives(IReceiveEndpointConfigurator endpoint)
    {
        endpoint.PublishFaults = false; // nobody listens: what failed is in the error queue
        if (endpoint is not IRabbitMqReceiveEndpointConfigurator rabbit) return;
        rabbit.SetQuorumQueue();
        rabbit.SetQueueArgument("x-delivery-limit", int.MaxValue);
    }
}
