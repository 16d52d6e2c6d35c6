// Plays one set of flows in SimGrid's flow-level model and prints when each ends; built by make_simgrid_fixtures.py.
//
// Input (text, blanks between numbers):
//   hosts links flows changes
//   a line a link:    bytes/s  latency_s
//   a line a flow:    source destination start_s bytes hops link...
//   a line a change:  time_s "rate" link bytes/s       a link gets another rate
//                     time_s "move" flow hops link...  a flow goes on over another route
// SimGrid gives flows with a longer latency a smaller share, as TCP does. So links have none here: a flow starts later by
// the latency of its way instead.
//
// Output: finish_s of each flow; then the seconds the simulation itself took.
#include <simgrid/s4u.hpp>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <map>
#include <string>
#include <vector>

namespace sg4 = simgrid::s4u;

struct Flow { int source, destination; double start_s, size_bytes; std::vector<int> route; };
struct Change { double at_s; bool rate; int what; double bytes_per_s; std::vector<int> route; };
struct Run { sg4::Host *source, *destination; double start_s, size_bytes; };

static std::vector<int> read_route(std::istream& in)
{
  int hops;
  in >> hops;
  std::vector<int> route(hops);
  for (int& link : route)
    in >> link;
  return route;
}

int main(int argc, char** argv)
{
  sg4::Engine engine(&argc, argv);
  std::ifstream in(argv[1]);
  int hosts, links, flows, changes;
  in >> hosts >> links >> flows >> changes;
  auto* zone = sg4::create_full_zone("network");
  std::vector<sg4::Link*> link;
  std::vector<double> latency_s;
  for (int i = 0; i < links; i++) {
    double rate, latency;
    in >> rate >> latency;
    link.push_back(zone->create_link("l" + std::to_string(i), rate)->set_latency(0)->seal());
    latency_s.push_back(latency);
  }
  std::vector<Flow> flow(flows);
  for (Flow& f : flow) {
    in >> f.source >> f.destination >> f.start_s >> f.size_bytes;
    f.route = read_route(in);
    for (int i : f.route)
      f.start_s += latency_s[i];
  }
  std::vector<Change> change(changes);
  for (Change& c : change) {
    std::string kind;
    in >> c.at_s >> kind >> c.what;
    c.rate = kind == "rate";
    if (c.rate)
      in >> c.bytes_per_s;
    else
      c.route = read_route(in);
  }
  // A pair of hosts has one route: the second flow of a pair, or a second route of a flow, gets hosts of its own.
  std::map<std::pair<int, int>, int> used;
  std::map<std::pair<int, int>, sg4::Host*> host;
  auto at = [&](int who, int copy) {
    auto& found = host[{who, copy}];
    if (found == nullptr)
      found = zone->create_host("h" + std::to_string(who) + "_" + std::to_string(copy), 1e9);
    return found;
  };
  auto run_of = [&](const Flow& f, const std::vector<int>& route) {
    int copy = used[{f.source, f.destination}]++;
    Run run{at(f.source, copy), at(f.destination, copy), f.start_s, f.size_bytes};
    std::vector<sg4::LinkInRoute> way;
    for (int i : route)
      way.emplace_back(link[i]);
    zone->add_route(run.source->get_netpoint(), run.destination->get_netpoint(), nullptr, nullptr, way, false);
    return run;
  };
  std::vector<Run> run;
  for (const Flow& f : flow)
    run.push_back(run_of(f, f.route));
  std::vector<Run> moved;
  for (const Change& c : change)
    moved.push_back(c.rate ? Run{} : run_of(flow[c.what], c.route));
  zone->seal();

  struct Step { double at_s; int kind; int index; };
  std::vector<Step> steps;
  for (int i = 0; i < flows; i++)
    steps.push_back({flow[i].start_s, 1, i});
  for (int i = 0; i < changes; i++)
    steps.push_back({change[i].at_s, 0, i});
  std::stable_sort(steps.begin(), steps.end(), [](const Step& a, const Step& b) { return a.at_s < b.at_s; });
  std::vector<sg4::CommPtr> comm(flows);
  sg4::Actor::create("director", host.begin()->second, [&]() {
    for (const Step& step : steps) {
      sg4::this_actor::sleep_until(step.at_s);
      if (step.kind == 1) {
        const Run& r = run[step.index];
        comm[step.index] = sg4::Comm::sendto_init(r.source, r.destination)->set_payload_size(r.size_bytes);
        comm[step.index]->start();
      } else if (change[step.index].rate) {
        link[change[step.index].what]->set_bandwidth(change[step.index].bytes_per_s);
      } else {
        auto& old = comm[change[step.index].what];
        if (old->test())
          continue;
        double left_bytes = old->get_remaining();
        old->cancel();
        old = sg4::Comm::sendto_init(moved[step.index].source, moved[step.index].destination)
                  ->set_payload_size(left_bytes);
        old->start();
      }
    }
    for (auto& one : comm)
      one->wait();
  });
  auto begin = std::chrono::steady_clock::now();
  engine.run();
  double took_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  for (auto& one : comm)
    std::printf("%.17g\n", one->get_finish_time());
  std::printf("%.6f\n", took_s);
}
