using Metering.Kernel.Hosting;
using Metering.Kernel.Streams;

namespace Metering.Reservations;

/// <summary>The service alone. Any number of instances may run on one event store.</summary>
internal static class Program
{
    private static Task<int> Main(string[] args) =>
        new ServiceProgram("reservations", 5110, [.. CommonSettings.EventStore, .. ReservationsOptions.Settings])
        {
            About = "reserve, commit, release, refund, extend, track, check, session; accounts; the catalog.",
            Check = SharedParts.CheckEventStore,
            Add = (services, configuration) => services.AddEventStreams(configuration).AddReservations(configuration),
            Map = app => app.MapReservations(),
        }.Run(args);
}
